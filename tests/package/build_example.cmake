# Installs the client library into a folder of its own and builds the project that uses it from there, as somebody else
# would: cmake -DBUILD_DIR= -DSOURCE_DIR= -DWORK_DIR= -DCOMPILER= -DLAUNCHER= -DFLAGS= -P build_example.cmake
file(REMOVE_RECURSE "${WORK_DIR}/prefix" "${WORK_DIR}/build")

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --component dev --prefix "${WORK_DIR}/prefix")
run("${CMAKE_COMMAND}" -G Ninja -S "${SOURCE_DIR}/client/examples/installed" -B "${WORK_DIR}/build"
  "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix" "-DCMAKE_CXX_COMPILER=${COMPILER}"
  "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}" "-DCMAKE_CXX_FLAGS=${FLAGS}")
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/build")

# The same from the sources, where nothing is there that only the gateway or the command needs.
set(absent)
foreach(package IN ITEMS CURL RapidJSON spdlog CLI11 yaml-cpp Boost mimalloc GTest)
  list(APPEND absent "-DCMAKE_DISABLE_FIND_PACKAGE_${package}=ON")
endforeach()
file(REMOVE_RECURSE "${WORK_DIR}/build_of_sources")
run("${CMAKE_COMMAND}" -G Ninja -S "${SOURCE_DIR}/client/examples/installed" -B "${WORK_DIR}/build_of_sources"
  "-DENOS_FLOW_GATEWAY_DIR=${SOURCE_DIR}" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}"
  "-DCMAKE_CXX_FLAGS=${FLAGS}" ${absent})
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/build_of_sources")
file(GLOB programs "${WORK_DIR}/build_of_sources/enos-flow-gateway/bin/*")
if(programs)
  message(FATAL_ERROR "more than the library was built: ${programs}")
endif()

# And with pkg-config alone.
file(GLOB_RECURSE pc "${WORK_DIR}/prefix/*/enos_flow_client.pc")
cmake_path(GET pc PARENT_PATH pc_dir)
find_program(PKG_CONFIG pkg-config REQUIRED)
execute_process(COMMAND "${CMAKE_COMMAND}" -E env "PKG_CONFIG_PATH=${pc_dir}" "${PKG_CONFIG}" --cflags --libs enos_flow_client
  OUTPUT_VARIABLE words OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(words UNIX_COMMAND "${words}")
separate_arguments(FLAGS UNIX_COMMAND "${FLAGS}")
run(${LAUNCHER} "${COMPILER}" -std=c++17 ${FLAGS} "${SOURCE_DIR}/client/examples/installed/trigger_flows.cc" ${words}
  -o "${WORK_DIR}/trigger_flows_by_pkg_config")

# Nothing installed may point back at where it was built.
file(GLOB_RECURSE installed "${WORK_DIR}/prefix/*.cmake" "${WORK_DIR}/prefix/*.pc" "${WORK_DIR}/prefix/*.h")
foreach(path IN LISTS installed)
  file(READ "${path}" text)
  foreach(place IN ITEMS "${SOURCE_DIR}" "${BUILD_DIR}")
    string(FIND "${text}" "${place}" at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${path} names ${place}")
    endif()
  endforeach()
endforeach()
