# Everything the project links against; all of it comes from packages of Debian 12 and 13 (CONTRIBUTING.md gives a reason for each).
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Protobuf 3.21 REQUIRED)  # Debian ships no CMake config for it; this is CMake's own module
find_package(gRPC 1.51 CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)

# google/rpc/{status,error_details}.proto: compiled from the installed package, never copied here.
find_path(GOOGLEAPIS_INCLUDE_DIR google/rpc/error_details.proto
  PATHS /usr/share/gocode/src/github.com/gogo/googleapis NO_DEFAULT_PATH REQUIRED)

# The client library needs no more.
if(NOT (ENOS_BUILD_SERVER OR ENOS_BUILD_CLI OR ENOS_BUILD_SANDBOX))
  return()
endif()
find_package(CURL 7.88 REQUIRED)
find_package(RapidJSON REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(Boost 1.74 CONFIG REQUIRED)  # headers only: Asio and Beast
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBUV REQUIRED IMPORTED_TARGET libuv>=1.44)
find_package(mimalloc CONFIG REQUIRED)  # 2 or 3; its own version file takes no range
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq>=15)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3>=3.40)
pkg_check_modules(CJOSE REQUIRED IMPORTED_TARGET cjose>=0.6.2.1)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.14)

# The registry and the text format only. Its CMake config asks for its HTTP server, too, which is not ours (server/ops is).
find_library(PROMETHEUS_CORE_LIBRARY prometheus-cpp-core REQUIRED)
add_library(enos_prometheus INTERFACE)
target_link_libraries(enos_prometheus INTERFACE "${PROMETHEUS_CORE_LIBRARY}")

# Traces: where a package has it, as Debian 13 does. Without it the gateway exports none (server/tracing/no_tracer.cc).
find_package(opentelemetry-cpp CONFIG QUIET)

# Header-only libraries as system targets, so that their warnings are theirs.
add_library(enos_rapidjson INTERFACE)
target_include_directories(enos_rapidjson SYSTEM INTERFACE ${RAPIDJSON_INCLUDE_DIRS})
target_compile_definitions(enos_rapidjson INTERFACE RAPIDJSON_HAS_STDSTRING=1)
# document.h has a member function that nobody can call (it assigns to a const); clang 19 refuses it even where nobody does.
target_compile_options(enos_rapidjson INTERFACE $<$<CXX_COMPILER_ID:Clang>:-fdelayed-template-parsing>)

add_library(enos_asio INTERFACE)
target_link_libraries(enos_asio INTERFACE Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
target_compile_definitions(enos_asio INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ERROR_CODE_HEADER_ONLY BOOST_ASIO_DISABLE_CONCEPTS)

# grpc.health.v1 and grpc.reflection: likewise. Debian 13 has them in a package for Go only.
find_path(GRPC_PROTO_ROOT grpc/health/v1/health.proto
  PATHS /usr/share/grpc-proto /usr/share/gocode/src/google.golang.org/grpc/debian/missing-sources/grpc/grpc-proto/master
  NO_DEFAULT_PATH REQUIRED)
