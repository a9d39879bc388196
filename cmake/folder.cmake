# cdviz_folder(<name> [SOURCES a.cc …] [SEES other …] [LIBRARIES target …] [TESTS a_test.cc …])
#
# One library for the folder that calls it. Headers are included as "<folder>/<header>.h", through an include root of
# the target's own that holds a link to its folder alone: what a target does not list in SEES it cannot include.
# A component's folder is named with its parent: src/sinks/stdout is "sinks/stdout", target sinks_stdout.
# Each test file becomes a test program of its own, named after the file, unless CDVIZ_TESTS is off.
function(cdviz_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;SEES;LIBRARIES;TESTS;TEST_LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" target ${name})
  set(root ${CMAKE_BINARY_DIR}/include/${target})
  get_filename_component(parent ${root}/${name} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${name} SYMBOLIC)

  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${root})
  set(sees ${ARG_SEES})
  list(TRANSFORM sees REPLACE "/" "_")
  target_link_libraries(${target} ${scope} ${sees} ${ARG_LIBRARIES})

  if(NOT CDVIZ_TESTS)
    return()
  endif()
  foreach(test ${ARG_TESTS})
    get_filename_component(stem ${test} NAME_WE)
    add_executable(${stem} ${test})
    target_link_libraries(${stem} PRIVATE ${target} ${ARG_TEST_LIBRARIES} GTest::gmock GTest::gtest_main)
    if(CMAKE_BUILD_TYPE STREQUAL "Release")  # what is tested is optimised; the test itself need not be: it compiles faster
      target_compile_options(${stem} PRIVATE -O0 -U_FORTIFY_SOURCE)
    endif()
    add_test(NAME ${target}/${stem} COMMAND ${stem})
    set_tests_properties(${target}/${stem} PROPERTIES LABELS unit TIMEOUT 300)
  endforeach()
endfunction()
