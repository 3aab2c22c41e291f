# The exporter, its libraries and CA certificates, and nothing else: no shell, no package manager. docs/image.md tells
# how to build and run it. Plain Dockerfile syntax: docker, podman and buildah build the same file.
ARG BASE_IMAGE=debian:bookworm-slim

# Compiles on the machine's own architecture, for any: nothing is emulated.
FROM --platform=$BUILDPLATFORM $BASE_IMAGE AS build
WORKDIR /src
COPY scripts/install-dependencies.sh scripts/
RUN scripts/install-dependencies.sh --image
ARG TARGETARCH
RUN scripts/install-dependencies.sh --image "$TARGETARCH"
COPY cmake/Cross.cmake cmake/
COPY scripts/image/compile.sh scripts/image/
RUN scripts/image/compile.sh libcurl "$TARGETARCH"
COPY . .
ARG REVISION=unknown
RUN scripts/image/compile.sh exporter "$TARGETARCH" "$REVISION"
ARG CREATED=1970-01-01T00:00:00Z
RUN mkdir /state && scripts/image/assemble.py --created="$CREATED" /image

FROM scratch
COPY --from=build /image/ /
# A volume mounted here takes over the owner: the place for --state.path and other files that are written.
COPY --from=build --chown=65532:65532 /state /state
USER 65532:65532
EXPOSE 9103
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/kubecost-allocation-exporter"]

ARG BASE_IMAGE
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="kubecost-allocation-exporter" \
      org.opencontainers.image.description="What pods, namespaces and clusters cost, from Kubecost or OpenCost, as Prometheus metrics" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.base.name="$BASE_IMAGE"
