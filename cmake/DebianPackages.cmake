# Debian packages for machines without Kubernetes: `cpack -G DEB` in the build directory of the preset release. They are
# built, installed and tried by tests/checks/debian_packages.sh.
#   enos-flow-gateway   the server, its systemd unit, user and settings file   components gateway and service
#   enos-flow           the command line, its man page and completions         component client
#   libenos-flow-dev    the C++ client library and the proto                   component dev
include(GNUInstallDirs)

# Only as parts of a package, where DESTDIR is set: `cmake --install` must not write to this machine's /etc.
install(FILES deploy/debian/enos-flow-gateway.service DESTINATION lib/systemd/system COMPONENT service EXCLUDE_FROM_ALL)
install(FILES deploy/debian/enos-flow-gateway.sysusers RENAME enos-flow-gateway.conf DESTINATION lib/sysusers.d
  COMPONENT service EXCLUDE_FROM_ALL)
install(FILES deploy/debian/gateway.env DESTINATION /etc/enos-flow-gateway COMPONENT service EXCLUDE_FROM_ALL)
install(FILES deploy/debian/copyright DESTINATION share/doc/enos-flow-gateway COMPONENT service EXCLUDE_FROM_ALL)
install(FILES deploy/debian/copyright DESTINATION share/doc/enos-flow COMPONENT client EXCLUDE_FROM_ALL)
install(FILES deploy/debian/copyright DESTINATION share/doc/libenos-flow-dev COMPONENT dev EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME enos-flow-gateway)
set(CPACK_PACKAGE_CONTACT "enos-flow-gateway maintainers <maintainers@enos-flow-gateway.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "starts EnOS batch processing flows by gRPC")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL gateway service client dev)
set(CPACK_COMPONENT_GATEWAY_GROUP server)
set(CPACK_COMPONENT_SERVICE_GROUP server)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME enos-flow-gateway)
set(CPACK_DEBIAN_SERVER_DESCRIPTION "The server. One strongly typed RPC, UpdateAndTriggerFlow, becomes the signed
EnOS call, and the JSON answer and its result codes become a precise gRPC status.")
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "ca-certificates, systemd | systemd-standalone-sysusers")
if(opentelemetry-cpp_FOUND) # its package does not say what its libraries need (no shlibs file)
  string(APPEND CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS ", opentelemetry-cpp")
endif()
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
  "${PROJECT_SOURCE_DIR}/deploy/debian/postinst;${PROJECT_SOURCE_DIR}/deploy/debian/prerm;${PROJECT_SOURCE_DIR}/deploy/debian/postrm;${PROJECT_SOURCE_DIR}/deploy/debian/conffiles")

set(CPACK_DEBIAN_CLIENT_PACKAGE_NAME enos-flow)
set(CPACK_DEBIAN_CLIENT_DESCRIPTION "The command line: single calls, batches that can be resumed, health; with its man page and shell completions.")
set(CPACK_DEBIAN_CLIENT_PACKAGE_DEPENDS ca-certificates)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libenos-flow-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_DESCRIPTION "For programs that call it: the C++ client library, static, with its headers
and CMake package, the proto file for stubs in other languages, and its descriptor set.")
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libgrpc++-dev, libprotobuf-dev, libabsl-dev, protobuf-compiler-grpc")
include(CPack)
