# cdviz_fuzz(<name> SOURCE file.cc SEES folder …)
#
# A fuzz target for one parser: `file.cc` defines LLVMFuzzerTestOneInput (https://llvm.org/docs/LibFuzzer.html) and has a
# corpus in tests/fuzz/corpus/<name>/. With CDVIZ_FUZZ it becomes build/…/tests/fuzz/fuzz_<name>, to be fuzzed by
# `./dev fuzz` (target `fuzzers`); with CDVIZ_TESTS a program that runs each file of the corpus once, in every compiler: the test fuzz/<name>.
add_custom_target(fuzzers)
function(cdviz_fuzz name)
  cmake_parse_arguments(ARG "" "SOURCE" "SEES;LIBRARIES" ${ARGN})
  set(sees ${ARG_SEES})
  list(TRANSFORM sees REPLACE "/" "_")
  if(CDVIZ_FUZZ)
    add_executable(fuzz_${name} ${ARG_SOURCE})
    add_dependencies(fuzzers fuzz_${name})
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(fuzz_${name} PRIVATE ${sees} ${ARG_LIBRARIES})
  endif()
  if(CDVIZ_TESTS)
    add_executable(replay_${name} ${ARG_SOURCE} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.cc)
    target_link_libraries(replay_${name} PRIVATE ${sees} ${ARG_LIBRARIES})
    add_test(NAME fuzz/${name} COMMAND replay_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(fuzz/${name} PROPERTIES LABELS "fuzz;sanitize" TIMEOUT 300)
  endif()
endfunction()
