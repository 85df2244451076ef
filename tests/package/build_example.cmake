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

# Nothing installed may point back at where it was built.
file(GLOB_RECURSE installed "${WORK_DIR}/prefix/*.cmake" "${WORK_DIR}/prefix/*.h")
foreach(path IN LISTS installed)
  file(READ "${path}" text)
  foreach(place IN ITEMS "${SOURCE_DIR}" "${BUILD_DIR}")
    string(FIND "${text}" "${place}" at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${path} names ${place}")
    endif()
  endforeach()
endforeach()
