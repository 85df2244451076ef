# Makes the client library a CMake package: find_package(enos_flow_client), then link enos_flow_client::enos_flow_client.
# `cmake --install BUILD --component dev` puts it where find_package looks.
include(CMakePackageConfigHelpers)

set(PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/enos_flow_client")
set(CONFIG_DIR "${CMAKE_CURRENT_BINARY_DIR}/package")

install(TARGETS enos_flow_client EXPORT enos_flow_client
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev)
install(DIRECTORY include/ DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev FILES_MATCHING PATTERN "*.h")
install(EXPORT enos_flow_client NAMESPACE enos_flow_client:: FILE enos_flow_client-targets.cmake
  DESTINATION "${PACKAGE_DIR}" COMPONENT dev)

set(PROTO_DIR "${CMAKE_INSTALL_DATADIR}/enos-flow/proto")
configure_package_config_file(cmake/enos_flow_client-config.cmake.in "${CONFIG_DIR}/enos_flow_client-config.cmake"
  INSTALL_DESTINATION "${PACKAGE_DIR}" PATH_VARS PROTO_DIR)
# Before 1.0 a new minor version may change names.
write_basic_package_version_file("${CONFIG_DIR}/enos_flow_client-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CONFIG_DIR}/enos_flow_client-config.cmake" "${CONFIG_DIR}/enos_flow_client-config-version.cmake"
  DESTINATION "${PACKAGE_DIR}" COMPONENT dev)

# For those who build otherwise. Static libraries: all that they need is named.
file(RELATIVE_PATH PREFIX_FROM_PC "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(cmake/enos_flow_client.pc.in "${CONFIG_DIR}/enos_flow_client.pc" @ONLY)
install(FILES "${CONFIG_DIR}/enos_flow_client.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT dev)
