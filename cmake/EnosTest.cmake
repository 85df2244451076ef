# enos_add_test(NAME SOURCES... [LIBRARIES ...] [LABELS ...] [TIMEOUT s]): a GoogleTest program, run by ctest. The label "threads" is
# for those whose code has several: ThreadSanitizer runs them (target threads-tests, `ctest --preset tsan -L threads`).
find_package(GTest REQUIRED)

function(enos_add_test NAME)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${NAME} ${ARG_SOURCES})
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  target_link_libraries(${NAME} PRIVATE enos_options ${ARG_LIBRARIES} GTest::gmock GTest::gtest GTest::gtest_main)
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
