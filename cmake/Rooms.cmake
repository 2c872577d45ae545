# calve_room(<folder> DEPS <targets>...)
#
# Declares the room src/<folder> as the static library calve_<folder, / as _>, and the tests of
# tests/<folder> as calve_<...>_test, run by ctest under the folder's name. Folders inside are
# rooms of their own. What a room may include is held by tools/check_rooms.py.
function(calve_room folder)
  cmake_parse_arguments(ROOM "" "" "DEPS;TEST_DEPS" ${ARGN})
  string(REPLACE "/" "_" name "${folder}")
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${folder}/*.cc")
  set(target calve_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}/src")
    target_link_libraries(${target} PUBLIC ${ROOM_DEPS} PRIVATE calve_warnings)
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE "${CMAKE_SOURCE_DIR}/src")
    target_link_libraries(${target} INTERFACE ${ROOM_DEPS})
  endif()
  if(CALVE_TESTS)
    calve_room_tests(${folder} ${target} "${ROOM_TEST_DEPS}")
  endif()
endfunction()

function(calve_room_tests folder target test_deps)
  file(GLOB tests CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/${folder}/*.cc")
  if(NOT tests)
    return()
  endif()
  add_executable(${target}_test ${tests})
  target_include_directories(${target}_test PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(${target}_test PRIVATE ${target} ${test_deps} calve_warnings
    GTest::gmock GTest::gtest_main ${CALVE_RAPIDCHECK})
  # Tests spend their time in the rooms, which are optimised; this halves their compilation.
  target_compile_options(${target}_test PRIVATE -O0)
  target_compile_definitions(${target}_test PRIVATE
    CALVE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" CALVE_BINARY="${CMAKE_BINARY_DIR}/calve")
  add_test(NAME ${folder} COMMAND ${target}_test)
  if(NOT folder STREQUAL "app")
    if(NOT TARGET calve_room_tests)
      add_custom_target(calve_room_tests)  # All but the command line's.
    endif()
    add_dependencies(calve_room_tests ${target}_test)
  endif()
  if(folder STREQUAL "flow")
    # Laws on real tables cost much of a second a case, most of it in syncing files;
    # rapidcheck would take a hundred.
    set_tests_properties(${folder} PROPERTIES ENVIRONMENT "RC_PARAMS=max_success=60")
  endif()
endfunction()

# calve_fuzz(<name> <targets>...): the libFuzzer program fuzz/<name>_fuzz.cc over these, built
# by the target calve_fuzzers. Beside it, fuzz/corpus/<name> has the inputs that it starts from.
function(calve_fuzz name)
  add_executable(${name}_fuzz "${CMAKE_SOURCE_DIR}/fuzz/${name}_fuzz.cc")
  # For the samples that tests and fuzz targets share.
  target_include_directories(${name}_fuzz PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_compile_definitions(${name}_fuzz PRIVATE CALVE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name}_fuzz PRIVATE ${ARGN} calve_warnings)
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  if(NOT TARGET calve_fuzzers)
    add_custom_target(calve_fuzzers)
  endif()
  add_dependencies(calve_fuzzers ${name}_fuzz)
endfunction()
