# enos_add_test(NAME SOURCES... [LIBRARIES ...] [LABELS ...] [TIMEOUT s] [ALONE]): a GoogleTest program, run by ctest.
# The label "threads" is for those whose code has several: ThreadSanitizer runs them (target threads-tests,
# `ctest --preset tsan -L threads`). ALONE: each source is compiled by itself, see enos_compile_alone.
find_package(GTest REQUIRED)

# Optimising a test costs more than it gives; what is tested is optimised as the preset says. (Fortified functions need an
# optimiser.) -pthread, which not every library brings along, has to be the same in all that share the headers below.
set(ENOS_TEST_OPTIONS -O0 -U_FORTIFY_SOURCE -pthread)

# Most of what a test costs to compile is headers. So a dozen sources are compiled as one, with g++, too; and those below are
# there for all, only with clang++, where that saves most.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/test_headers.cc" CONTENT "")
  add_library(enos_test_headers OBJECT "${CMAKE_BINARY_DIR}/test_headers.cc")
  target_link_libraries(enos_test_headers PRIVATE enos_options GTest::gmock GTest::gtest)
  target_compile_options(enos_test_headers PRIVATE ${ENOS_TEST_OPTIONS})
  target_precompile_headers(enos_test_headers PRIVATE
    <gmock/gmock.h> <gtest/gtest.h> <grpcpp/grpcpp.h>
    <algorithm> <chrono> <functional> <map> <memory> <mutex> <optional> <string> <thread> <variant> <vector>)
endif()

function(enos_add_test NAME)
  cmake_parse_arguments(ARG "ALONE" "TIMEOUT" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${NAME} ${ARG_SOURCES})
  if(ARG_ALONE)
    enos_compile_alone(${ARG_SOURCES})
  endif()
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests"
    UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
  target_link_libraries(${NAME} PRIVATE enos_options ${ARG_LIBRARIES} GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_options(${NAME} PRIVATE ${ENOS_TEST_OPTIONS})
  if(TARGET enos_test_headers)
    target_precompile_headers(${NAME} REUSE_FROM enos_test_headers)
  endif()
  # One process for the whole program: loading gRPC for each single test takes many times what the test does.
  add_test(NAME ${NAME} COMMAND ${NAME})
  set_tests_properties(${NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  if("threads" IN_LIST ARG_LABELS)
    set_property(GLOBAL APPEND PROPERTY ENOS_THREADS_TESTS ${NAME})
  endif()
  if(ENOS_SANITIZE MATCHES "thread")
    set_tests_properties(${NAME} PROPERTIES
      ENVIRONMENT "TSAN_OPTIONS=suppressions='${PROJECT_SOURCE_DIR}/tests/tsan.supp' history_size=4")
  endif()
endfunction()
