# Stands in for python:3.11-slim-bookworm. The interpreter is Debian's, in /usr/bin.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ENV LANG=C.UTF-8 PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
# The newest of the stable release is meant; mkbases.sh makes new images every week.
# hadolint ignore=DL3008
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      ca-certificates netbase tzdata python3 python3-pip python3-venv >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /usr/lib/python3*/EXTERNALLY-MANAGED \
 && for name in python python3; do ln -s /usr/bin/python3 "/usr/local/bin/$name"; done \
 && for name in pip pip3; do ln -s /usr/bin/pip3 "/usr/local/bin/$name"; done
CMD ["python3"]
