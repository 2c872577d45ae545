# Every C++ dependency of Calve, once, with its pin and its reason.
# Debian packages come from tools/setup.sh (its list names the same packages); their pin is
# the distribution (Debian 12). Python packages are pinned in requirements/*.txt.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# fmt 9 (libfmt-dev): formatting; GCC 12 has no <format>.
find_package(fmt 9 REQUIRED)
# spdlog 1.10 (libspdlog-dev): logs on stderr, text or JSON.
find_package(spdlog 1.10 REQUIRED)
# nlohmann-json 3.11 (nlohmann-json3-dev): Iceberg metadata, the ledger, `-o json`.
find_package(nlohmann_json 3.11 REQUIRED)
# yaml-cpp 0.7 (libyaml-cpp-dev): calve.yaml and dbt's schema.yml, with line numbers.
find_package(yaml-cpp 0.7 REQUIRED)
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
# CLI11 2.1 (libcli11-dev): the command line.
find_package(CLI11 2.1 REQUIRED)
# SQLite 3.40 (libsqlite3-dev): the embedded catalog.
find_package(SQLite3 3.40 REQUIRED)
# libpq 15 (libpq-dev): PostgreSQL's own client.
find_package(PostgreSQL 15 REQUIRED)
# OpenSSL 3 (libssl-dev): SHA-256 of landing files, random bytes, signatures of S3.
find_package(OpenSSL 3 REQUIRED)
# libcurl 7.88 (libcurl4-openssl-dev): HTTP to object storage and vaults.
find_package(CURL 7.88 REQUIRED)
# pugixml 1.13 (libpugixml-dev): the XML of S3's replies.
find_package(pugixml 1.13 REQUIRED)
# zlib (zlib1g-dev): the deflate codec of Avro manifests.
find_package(ZLIB REQUIRED)
# zstd 1.5 (libzstd-dev): the zstandard codec of Avro manifests.
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)

# Arrow and Parquet 26.0.1, from the pyarrow wheel (requirements/build.txt): Debian 12 has no
# Arrow, and the wheel's libraries and headers save an hour of building. A system Arrow is
# taken instead where -DCALVE_SYSTEM_ARROW=ON.
option(CALVE_SYSTEM_ARROW "Use find_package(Arrow) instead of the pyarrow wheel" OFF)
if(CALVE_SYSTEM_ARROW)
  find_package(Arrow REQUIRED)
  find_package(Parquet REQUIRED)
  add_library(calve_arrow INTERFACE)
  target_link_libraries(calve_arrow INTERFACE Arrow::arrow_shared)
  add_library(calve_parquet INTERFACE)
  target_link_libraries(calve_parquet INTERFACE Parquet::parquet_shared)
  add_library(calve_arrow_s3 INTERFACE)
  target_link_libraries(calve_arrow_s3 INTERFACE calve_arrow)
else()
  set(CALVE_VENV "${CMAKE_SOURCE_DIR}/.venv" CACHE PATH "Virtual environment with pyarrow")
  file(GLOB calve_pyarrow "${CALVE_VENV}/lib/python3*/site-packages/pyarrow")
  if(NOT EXISTS "${calve_pyarrow}/include/arrow/api.h")
    message(FATAL_ERROR "No pyarrow wheel under ${CALVE_VENV}: run `make setup` first")
  endif()
  file(GLOB calve_libarrow "${calve_pyarrow}/libarrow.so.*")
  file(GLOB calve_libparquet "${calve_pyarrow}/libparquet.so.*")
  add_library(calve_arrow SHARED IMPORTED)
  set_target_properties(calve_arrow PROPERTIES IMPORTED_LOCATION "${calve_libarrow}"
    INTERFACE_INCLUDE_DIRECTORIES "${calve_pyarrow}/include")
  add_library(calve_parquet SHARED IMPORTED)
  set_target_properties(calve_parquet PROPERTIES IMPORTED_LOCATION "${calve_libparquet}"
    INTERFACE_LINK_LIBRARIES calve_arrow)
  # With AWS's SDK in it, for AWS's chain of credentials.
  file(GLOB calve_libarrow_s3 "${calve_pyarrow}/libarrow_s3.so.*")
  add_library(calve_arrow_s3 SHARED IMPORTED)
  set_target_properties(calve_arrow_s3 PROPERTIES IMPORTED_LOCATION "${calve_libarrow_s3}"
    INTERFACE_LINK_LIBRARIES calve_arrow)
endif()
add_library(calve::arrow ALIAS calve_arrow)
add_library(calve::arrow_s3 ALIAS calve_arrow_s3)

# simdjson 3.12.3 (requirements/sources/simdjson.txt): payloads of events, at gigabytes a
# second. Built from source in a namespace of its own: pyarrow's libraries export another
# version's symbols, which would win over those of a shared library.
set(calve_simdjson_source "${CMAKE_SOURCE_DIR}/.venv/src/simdjson")
if(NOT EXISTS "${calve_simdjson_source}/simdjson.cpp")
  message(FATAL_ERROR "No source of simdjson in ${calve_simdjson_source}: run `make setup` first")
endif()
add_library(calve_simdjson STATIC "${calve_simdjson_source}/simdjson.cpp")
target_include_directories(calve_simdjson SYSTEM PUBLIC "${calve_simdjson_source}")
target_compile_definitions(calve_simdjson PUBLIC simdjson=calve_simdjson_3)
set_target_properties(calve_simdjson PROPERTIES POSITION_INDEPENDENT_CODE ON)
add_library(calve::parquet ALIAS calve_parquet)

if(CALVE_TESTS)
  # GoogleTest 1.12 (libgtest-dev, libgmock-dev): unit tests.
  find_package(GTest 1.12 REQUIRED)
  # rapidcheck (librapidcheck-dev): laws on random inputs, replayed by seed.
  find_library(CALVE_RAPIDCHECK rapidcheck REQUIRED)
endif()
