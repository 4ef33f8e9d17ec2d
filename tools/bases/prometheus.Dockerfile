# Stands in for prom/prometheus:v2.53.3: same user (65534), same volume, same default arguments.
ARG BASE=debian:trixie-slim
FROM ${BASE}
# The newest of the stable release is meant; mkbases.sh makes new images every week.
# hadolint ignore=DL3008
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      prometheus ca-certificates >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/lib/prometheus \
 && install -d -o 65534 -g 65534 /prometheus
USER 65534:65534
EXPOSE 9090
VOLUME /prometheus
WORKDIR /prometheus
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
