# What is installed where, and the Debian packages made of it (docs/adr/0072): `headgate` is the hub, `headgate-tools` the
# command line tool. `tools/dev package` builds and tests them.
include(GNUInstallDirs)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(HEADGATE_PACKAGE_VERSION "${PROJECT_VERSION}" CACHE STRING "Version of the packages")
set(HEADGATE_MAINTAINER "Headgate maintainers <maintainers@headgate.invalid>" CACHE STRING "Who the packages say they are from")
string(TIMESTAMP HEADGATE_PAGE_DATE "%B %Y" UTC)  # SOURCE_DATE_EPOCH, where that is set
string(TIMESTAMP HEADGATE_CHANGELOG_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)

set(package_source ${PROJECT_SOURCE_DIR}/tools/package)
set(package_files ${CMAKE_BINARY_DIR}/package_files)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(unit_dir /lib/systemd/system)
else()
  set(unit_dir lib/systemd/system)
endif()

# headgate_made_of(PROGRAM FILE SCRIPT arguments…): a file that a script makes of what the program prints.
set(made_files "")
function(headgate_made_of program file script)
  add_custom_command(OUTPUT ${package_files}/${file}
    COMMAND ${Python3_EXECUTABLE} -B ${package_source}/${script} ${ARGN}
      ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:${program}> > ${package_files}/${file}
    DEPENDS ${program} ${package_source}/${script} ${package_source}/help_tree.py
    COMMENT "Making ${file} of what ${program} prints" VERBATIM)
  list(APPEND made_files ${package_files}/${file})
  set(made_files "${made_files}" PARENT_SCOPE)
endfunction()

file(MAKE_DIRECTORY ${package_files}/zsh)
headgate_made_of(headgate headgate.1 pages.py headgate.1 ${HEADGATE_PAGE_DATE})
headgate_made_of(headgated headgated.8 pages.py headgated.8 ${HEADGATE_PAGE_DATE})
headgate_made_of(headgated headgate.json.5 pages.py headgate.json.5 ${HEADGATE_PAGE_DATE})
headgate_made_of(headgate headgate.bash completion.py bash)
headgate_made_of(headgate zsh/_headgate completion.py zsh)

configure_file(${package_source}/changelog.in ${package_files}/changelog @ONLY)
file(READ ${PROJECT_SOURCE_DIR}/conf/headgated.service unit)
string(REPLACE "/usr/local/bin/" "${CMAKE_INSTALL_FULL_BINDIR}/" unit "${unit}")
file(WRITE ${package_files}/headgated.service "${unit}")
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/conf/headgated.service)

# Debian has manual pages and change logs compressed, without a time in them.
set(compressed "")
foreach(file headgate.1 headgated.8 headgate.json.5 changelog)
  add_custom_command(OUTPUT ${package_files}/${file}.gz COMMAND gzip -9nkf ${package_files}/${file}
    DEPENDS ${package_files}/${file} VERBATIM)
  list(APPEND compressed ${package_files}/${file}.gz)
endforeach()
add_custom_command(OUTPUT ${package_files}/CHANGELOG.md.gz
  COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/CHANGELOG.md > ${package_files}/CHANGELOG.md.gz
  DEPENDS ${PROJECT_SOURCE_DIR}/CHANGELOG.md VERBATIM)
add_custom_target(package_files ALL DEPENDS ${made_files} ${compressed} ${package_files}/CHANGELOG.md.gz)

install(TARGETS headgated RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT hub)
install(FILES ${package_files}/headgated.service DESTINATION ${unit_dir} COMPONENT hub)
install(FILES ${PROJECT_SOURCE_DIR}/conf/headgate.json DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/headgate COMPONENT hub)
install(FILES ${PROJECT_SOURCE_DIR}/conf/headgate.logrotate DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/logrotate.d
  RENAME headgate COMPONENT hub)
install(DIRECTORY DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/headgate/routes COMPONENT hub)
install(DIRECTORY DESTINATION ${CMAKE_INSTALL_FULL_LOCALSTATEDIR}/lib/headgate COMPONENT hub)
install(FILES ${package_files}/headgated.8.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT hub)
install(FILES ${package_files}/headgate.json.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT hub)
install(FILES ${PROJECT_SOURCE_DIR}/conf/headgate.tls.json ${PROJECT_SOURCE_DIR}/conf/headgate.access.json
  ${PROJECT_SOURCE_DIR}/conf/port-443.conf ${PROJECT_SOURCE_DIR}/conf/examples/iot-edge/deployment.json
  DESTINATION share/doc/headgate/examples COMPONENT hub)
install(FILES ${PROJECT_SOURCE_DIR}/conf/headgate.schema.json ${PROJECT_SOURCE_DIR}/conf/routes.schema.json
  DESTINATION share/headgate COMPONENT hub)

install(TARGETS headgate RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
install(FILES ${package_files}/headgate.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
install(FILES ${package_files}/headgate.bash DESTINATION share/bash-completion/completions RENAME headgate COMPONENT tools)
install(FILES ${package_files}/zsh/_headgate DESTINATION share/zsh/vendor-completions COMPONENT tools)

foreach(part hub:headgate tools:headgate-tools)
  string(REPLACE ":" ";" part ${part})
  list(GET part 0 component)
  list(GET part 1 package)
  install(FILES ${package_source}/copyright ${package_files}/changelog.gz ${package_files}/CHANGELOG.md.gz
    DESTINATION share/doc/${package} COMPONENT ${component})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME headgate)
set(CPACK_PACKAGE_VERSION ${HEADGATE_PACKAGE_VERSION})
set(CPACK_PACKAGE_CONTACT ${HEADGATE_MAINTAINER})
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_SET_DESTDIR OFF)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL hub tools)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_HUB_PACKAGE_NAME headgate)
set(CPACK_DEBIAN_HUB_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.52)")
set(CPACK_DEBIAN_HUB_PACKAGE_RECOMMENDS "headgate-tools")
set(CPACK_DEBIAN_HUB_PACKAGE_SUGGESTS "logrotate")
set(CPACK_DEBIAN_HUB_PACKAGE_CONTROL_EXTRA ${package_source}/hub/conffiles ${package_source}/hub/postinst
  ${package_source}/hub/prerm ${package_source}/hub/postrm)
set(CPACK_COMPONENT_HUB_DESCRIPTION "MQTT edge hub that keeps what the line cannot take
An MQTT 3.1.1 and 5.0 broker for a site. Modules and devices publish, routes
lead and compute, durable queues keep every acknowledged message over power
cuts and weeks without a link, and batches go upstream when the line is there.
.
The configuration is /etc/headgate/headgate.json, the data are in
/var/lib/headgate.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME headgate-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS "headgate")
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "command line tool for the MQTT edge hub Headgate
It looks into a hub that runs, into the data directory of one that does not,
checks and tries routes, manages users, reads the batches that a hub has sent,
and loads any MQTT broker to measure it.
.
Completion for bash and zsh, also of the names of queues and clients.")
include(CPack)
