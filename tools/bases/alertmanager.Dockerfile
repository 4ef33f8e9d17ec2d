# Stands in for prom/alertmanager:v0.28.1: same user (65534), same volume, same default arguments.
ARG BASE=debian:trixie-slim
FROM ${BASE}
# The newest of the stable release is meant; mkbases.sh makes new images every week.
# hadolint ignore=DL3008
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      prometheus-alertmanager ca-certificates >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/lib/prometheus \
 && ln -s /usr/bin/prometheus-alertmanager /usr/bin/alertmanager \
 && install -d -o 65534 -g 65534 /alertmanager
USER 65534:65534
EXPOSE 9093
VOLUME /alertmanager
WORKDIR /alertmanager
ENTRYPOINT ["/bin/alertmanager"]
CMD ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"]
