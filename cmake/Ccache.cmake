# Uses ccache where it is installed; nothing depends on it. Paths are taken relative to the source tree, so that a second
# clone finds what the first one compiled. Without the sloppiness it caches nothing that a precompiled header goes into
# (EnosTest.cmake); no source asks for the time of its compilation.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros "${CCACHE_PROGRAM}")
endif()
