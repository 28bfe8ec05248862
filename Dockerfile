# docker build -t shardex:0.1.0 .
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /src
# Every version by .ci/constraints.txt, those of the build's own tools too. pip stays out of the environment it fills.
ENV PIP_CONSTRAINT=/src/.ci/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv --without-pip /opt/shardex
COPY . .
RUN pip --python /opt/shardex/bin/python install .

FROM python:3.11.14-slim-bookworm
LABEL org.opencontainers.image.title="shardex" \
      org.opencontainers.image.description="The Kubernetes state exporter for clusters too large for one process" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
# Nothing installs anything into a running exporter.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip
COPY --from=build /opt/shardex /opt/shardex
# The root file system may be read-only: nothing is compiled at run time, and metrics live in memory (memfd, /dev/shm).
ENV PATH=/opt/shardex/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# A number, so that runAsNonRoot can be checked before the start.
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["shardex"]
