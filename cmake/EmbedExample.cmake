# Builds examples/ecommerce's calve.yaml and dbt project into calve_app, for `calve init`
# and `calve demo`: one copy, the one that people read. A link in it stands for dbt/, which a new
# pipeline gets as files.
set(calve_example "${CMAKE_SOURCE_DIR}/examples/ecommerce")
file(GLOB_RECURSE calve_example_files FOLLOW_SYMLINKS CONFIGURE_DEPENDS RELATIVE "${calve_example}"
  "${calve_example}/calve.yaml" "${calve_example}/dbt_dwh/*")
list(FILTER calve_example_files EXCLUDE REGEX "(^|/)(target|dbt_packages|logs|package-lock.yml|\\.[^/]*)(/|$)")
list(SORT calve_example_files)
list(TRANSFORM calve_example_files PREPEND "${calve_example}/" OUTPUT_VARIABLE calve_example_paths)
list(JOIN calve_example_files "," calve_example_list)
set(calve_embedded "${CMAKE_BINARY_DIR}/embedded/example_files.cc")
add_custom_command(OUTPUT "${calve_embedded}"
  COMMAND "${CMAKE_COMMAND}" "-DROOT=${calve_example}" "-DFILES=${calve_example_list}"
    "-DOUTPUT=${calve_embedded}" -P "${CMAKE_SOURCE_DIR}/cmake/EmbedFiles.cmake"
  DEPENDS ${calve_example_paths} "${CMAKE_SOURCE_DIR}/cmake/EmbedFiles.cmake"
  VERBATIM)
target_sources(calve_app PRIVATE "${calve_embedded}")
target_compile_definitions(calve_app PRIVATE CALVE_VERSION="${PROJECT_VERSION}")
