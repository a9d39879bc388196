# What `cmake --install` puts where, and the Debian package that `./dev package` makes of it.
include(GNUInstallDirs)
set(generated ${PROJECT_BINARY_DIR}/packaging)

# Made by the program itself, when the package is built: the completions of the shells.
add_custom_target(package_files
  COMMAND ${CMAKE_COMMAND} -E make_directory ${generated}
  COMMAND sh -c "./cdviz-collector completion bash > ${generated}/cdviz-collector"
  COMMAND sh -c "./cdviz-collector completion zsh > ${generated}/_cdviz-collector"
  COMMAND sh -c "./cdviz-collector completion fish > ${generated}/cdviz-collector.fish"
  COMMAND sh -c "printf 'cdviz-collector (%s-1) unstable; urgency=low\\n\\n  * See CHANGELOG.md.\\n\\n -- cdviz <cdviz@example.org>  Sun, 22 Nov 2026 00:00:00 +0000\\n' ${PROJECT_VERSION} | gzip -9n > ${generated}/changelog.Debian.gz"
  WORKING_DIRECTORY ${PROJECT_BINARY_DIR}/src
  VERBATIM)
add_dependencies(package_files cdviz-collector)

set(doc ${CMAKE_INSTALL_DATADIR}/doc/cdviz-collector)
install(TARGETS cdviz-collector RUNTIME)
install(FILES packaging/systemd/cdviz-collector.service DESTINATION lib/systemd/system)
install(FILES packaging/systemd/cdviz-collector.sysusers DESTINATION lib/sysusers.d RENAME cdviz-collector.conf)
install(FILES packaging/collector.toml DESTINATION /etc/cdviz)
install(FILES README.md CHANGELOG.md docs/architecture.md docs/configuration.md docs/grafana.md docs/operating.md docs/reliability.md packaging/debian/copyright DESTINATION ${doc})
install(DIRECTORY docs/components DESTINATION ${doc} FILES_MATCHING PATTERN "*.md" PATTERN "*.json")
install(DIRECTORY grafana/dashboards grafana/provisioning DESTINATION ${CMAKE_INSTALL_DATADIR}/cdviz-collector/grafana)
install(FILES ${generated}/changelog.Debian.gz DESTINATION ${doc} OPTIONAL)
install(FILES ${generated}/cdviz-collector DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions OPTIONAL)
install(FILES ${generated}/_cdviz-collector DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions OPTIONAL)
install(FILES ${generated}/cdviz-collector.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d OPTIONAL)

set(CPACK_PACKAGE_NAME cdviz-collector)
set(CPACK_PACKAGE_VENDOR cdviz)
set(CPACK_PACKAGE_CONTACT "cdviz <cdviz@example.org>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Events come in over HTTP, are on disk before anybody is told that they were
 taken, and are delivered to PostgreSQL, where each stands exactly once.
 .
 The service wants a configuration first: /etc/cdviz/collector.toml.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/packaging/debian/postinst
  ${PROJECT_SOURCE_DIR}/packaging/debian/prerm
  ${PROJECT_SOURCE_DIR}/packaging/debian/postrm
  ${PROJECT_SOURCE_DIR}/packaging/debian/conffiles)
include(CPack)
