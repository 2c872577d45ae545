# `cmake --install build/release --prefix DIR --strip`: the program with the libraries that Debian
# doesn't have, and its names as the entry points of containers (src/app/entry_point.h).
include(GNUInstallDirs)
set_target_properties(calve PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/calve")
install(TARGETS calve RUNTIME)
if(NOT CALVE_SYSTEM_ARROW)
  install(FILES ${calve_libarrow} ${calve_libparquet} ${calve_libarrow_s3} DESTINATION lib/calve)
endif()
foreach(name audit-log-extractor iceberg-ingestor data-generator)
  install(CODE "file(CREATE_LINK calve
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/bin/${name}\" SYMBOLIC)")
endforeach()
