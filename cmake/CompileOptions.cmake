# enos_options: what every target of ours is compiled with. Generated code takes only the sanitizers, set globally so
# that no two objects of one program differ in them.
add_library(enos_options INTERFACE)
target_include_directories(enos_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(enos_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wold-style-cast -Wcast-align -Wnull-dereference -Wimplicit-fallthrough)
if(PROJECT_IS_TOP_LEVEL)  # with the compilers that are tested
  target_compile_options(enos_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(enos_options INTERFACE -Wthread-safety)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports null dereferences inside inlined library code when it optimises or instruments.
  target_compile_options(enos_options INTERFACE -Wno-null-dereference)
endif()

# With clang++ several sources are compiled as one (CMAKE_UNITY_BUILD in CMakePresets.json), so that headers are read once; not
# these, whose local names another source of the target has, too. g++ (preset release) reads every source of the programs by itself.
function(enos_compile_alone)
  set_source_files_properties(${ARGV} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

if(ENOS_SANITIZE)
  add_compile_options(-fsanitize=${ENOS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ENOS_SANITIZE})
  # Newer headers of Abseil lay their hash tables out differently under a sanitizer, and Debian's library is built without one.
  # They also poison free slots, which that library does not undo: allow_user_poisoning=0 in ASAN_OPTIONS.
  add_compile_definitions(NDEBUG_SANITIZER)
  if(ENOS_SANITIZE MATCHES undefined)
    # Its runtime asks a pipe whether an address can be read, and takes a process that has no descriptor left, as some tests
    # make it, for one with a broken object.
    add_compile_options(-fno-sanitize=vptr)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/cmake/sanitizer_ignorelist.txt)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # Hardening that costs nothing measurable; what distributions build their servers with.
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection)
  add_compile_definitions(_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now -Wl,--as-needed)
endif()

if(ENOS_FUZZ)
  # Coverage for the fuzzer everywhere; its main function goes into the fuzz targets only.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
