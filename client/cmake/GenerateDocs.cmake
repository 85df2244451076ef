# The man page and the shell completions, printed by the program itself, which makes them from the table that its --help is
# made from.
set(DOCS_DIR "${CMAKE_CURRENT_BINARY_DIR}/docs")
set(run_cli "$<TARGET_FILE:enos-flow>")
if(ENOS_SANITIZE)
  # GCC 12's AddressSanitizer dies at random on kernels that randomise 32 bits.
  execute_process(COMMAND setarch -R true RESULT_VARIABLE setarch_failed OUTPUT_QUIET ERROR_QUIET)
  if(setarch_failed EQUAL 0)
    set(run_cli setarch -R "$<TARGET_FILE:enos-flow>")
  endif()
endif()
# With the program, so that whoever builds only that can install its component.
add_custom_command(TARGET enos-flow POST_BUILD
  COMMAND "${CMAKE_COMMAND}" -E make_directory "${DOCS_DIR}"
  COMMAND ${run_cli} man > "${DOCS_DIR}/enos-flow.1"
  COMMAND ${run_cli} completion bash > "${DOCS_DIR}/enos-flow.bash"
  COMMAND ${run_cli} completion zsh > "${DOCS_DIR}/_enos-flow"
  BYPRODUCTS "${DOCS_DIR}/enos-flow.1" "${DOCS_DIR}/enos-flow.bash" "${DOCS_DIR}/_enos-flow"
  COMMENT "enos-flow: man page and completions" VERBATIM)

install(FILES "${DOCS_DIR}/enos-flow.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT client)
install(FILES "${DOCS_DIR}/enos-flow.bash" RENAME enos-flow
  DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" COMPONENT client)
install(FILES "${DOCS_DIR}/_enos-flow" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions" COMPONENT client)
