create schema if not exists iceberg.landing;
create schema if not exists iceberg.staging;
create schema if not exists iceberg.marts;
