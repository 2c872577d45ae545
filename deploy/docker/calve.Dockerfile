# Calve, and its entry points under the names of the containers that it stands in for:
#
#   docker build -f deploy/docker/calve.Dockerfile --target audit-log-extractor -t audit-log-extractor .
#
# Targets: calve (the last one), audit-log-extractor, iceberg-ingestor, data-generator. BASE is any
# image of Debian 12; tools/check_containers.sh makes one where no registry is reachable.
ARG BASE=docker.io/library/debian:12-slim

FROM ${BASE} AS build
WORKDIR /calve
COPY requirements requirements
COPY tools/setup.sh tools/
RUN tools/setup.sh --program && rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY dbt dbt
COPY examples examples
COPY src src
RUN --mount=type=cache,target=/root/.cache/ccache \
    cmake --preset release -DCALVE_TESTS=OFF \
    && cmake --build --preset release --target calve \
    && cmake --install build/release --prefix /out/usr/local --strip

# The libraries that the program is linked to, and nothing to build with.
FROM ${BASE} AS runtime
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends ca-certificates libcurl4 libfmt9 libpq5 \
       libpugixml1v5 libspdlog1.10 libsqlite3-0 libssl3 libstdc++6 libyaml-cpp0.7 libzstd1 zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
    && groupadd --gid 10001 calve \
    && useradd --uid 10001 --gid calve --home-dir /var/lib/calve --no-create-home \
       --shell /usr/sbin/nologin calve \
    && install -d -o calve -g calve /var/lib/calve /data
COPY --from=build /out/ /
LABEL org.opencontainers.image.title="calve" \
      org.opencontainers.image.description="Keeps Apache Iceberg tables equal to PostgreSQL tables" \
      org.opencontainers.image.licenses="MIT"
USER 10001:10001
# Written to are only /tmp, /data (the generator's files) and /var/lib/calve, each a mount.
WORKDIR /var/lib/calve

FROM runtime AS audit-log-extractor
ENTRYPOINT ["/usr/local/bin/audit-log-extractor"]

FROM runtime AS iceberg-ingestor
ENTRYPOINT ["/usr/local/bin/iceberg-ingestor"]

FROM runtime AS data-generator
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/data-generator"]

FROM runtime AS calve
ENTRYPOINT ["/usr/local/bin/calve"]
CMD ["--help"]
