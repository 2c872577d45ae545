# Airflow 3 with the provider of airflow/, dbt on Trino, and Calve's program, each in an environment of its
# own. CALVE is the image that calve.Dockerfile builds, BASE what that was built on.
ARG BASE=docker.io/library/debian:12-slim
ARG CALVE=calve:latest

FROM ${BASE} AS environments
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY requirements/environments requirements
RUN --mount=type=cache,target=/root/.cache/pip \
    for name in airflow dbt; do \
      python3 -m venv "/opt/environments/$name" \
      && "/opt/environments/$name/bin/pip" install --quiet --disable-pip-version-check \
         -r "requirements/$name.txt" || exit 1; \
    done
COPY airflow airflow
RUN /opt/environments/airflow/bin/pip wheel --quiet --disable-pip-version-check --no-deps \
      --no-build-isolation --no-index --wheel-dir wheels ./airflow \
    && /opt/environments/airflow/bin/pip install --quiet --disable-pip-version-check --no-deps \
      --no-index wheels/*.whl

FROM ${CALVE}
USER root
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
    && ln -s /opt/environments/dbt/bin/dbt /usr/local/bin/dbt \
    && install -d -o calve -g calve /var/lib/airflow
COPY --from=environments /opt/environments /opt/environments
ENV PATH=/opt/environments/airflow/bin:/usr/local/bin:/usr/bin:/bin \
    AIRFLOW_HOME=/var/lib/airflow HOME=/var/lib/airflow PYTHONDONTWRITEBYTECODE=1
LABEL org.opencontainers.image.title="calve-airflow" \
      org.opencontainers.image.description="Airflow 3 with airflow-provider-calve"
USER 10001:10001
WORKDIR /var/lib/airflow
ENTRYPOINT ["airflow"]
