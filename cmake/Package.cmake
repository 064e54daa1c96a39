# SPDX-License-Identifier: Apache-2.0
# What is installed beside the programs, and the Debian package: `cmake --preset release`, build, then `cpack` in the
# build folder.
#
# Manual pages and the documented configuration are written by the program itself, when it is installed. Files name
# their paths as a package has them (/usr/bin, /etc); for another prefix they are rewritten on the way.

include(GNUInstallDirs)

foreach(helper pinhole-inside pinhole-outside pinhole-source pinhole-sound)
  if(TARGET ${helper})
    install(TARGETS ${helper} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/pinhole)
  endif()
endforeach()

set(packaging ${PROJECT_SOURCE_DIR}/packaging)
set(made ${PROJECT_BINARY_DIR}/packaging)

# Dates by SOURCE_DATE_EPOCH where that is set, so that a package can be built again bit for bit.
string(TIMESTAMP PINHOLE_CHANGELOG_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${packaging}/debian/changelog.in ${made}/changelog.Debian @ONLY)

install(CODE "
  set(made ${made})
  set(packaging ${packaging})
  set(pinhole $<TARGET_FILE:pinhole>)
  set(changelog ${PROJECT_SOURCE_DIR}/CHANGELOG.md)
")
install(CODE [[
  file(REMOVE_RECURSE ${made}/man ${made}/systemd)
  file(MAKE_DIRECTORY ${made}/systemd)
  execute_process(COMMAND ${pinhole} man ${made}/man COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${pinhole} config --defaults OUTPUT_FILE ${made}/pinhole.toml COMMAND_ERROR_IS_FATAL ANY)
  file(COPY_FILE ${changelog} ${made}/changelog)
  file(GLOB texts ${made}/man/*)
  execute_process(COMMAND gzip -9nfk ${made}/changelog ${made}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND gzip -9nf ${texts} COMMAND_ERROR_IS_FATAL ANY)
  set(etc /etc)
  if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(etc ${CMAKE_INSTALL_PREFIX}/etc)
  endif()
  file(GLOB units ${packaging}/systemd/*.service ${packaging}/systemd/*.target)
  foreach(unit ${units})
    file(READ ${unit} text)
    string(REPLACE "/usr/" "${CMAKE_INSTALL_PREFIX}/" text "${text}")
    string(REPLACE "/etc/" "${etc}/" text "${text}")
    get_filename_component(name ${unit} NAME)
    file(WRITE ${made}/systemd/${name} "${text}")
  endforeach()
  file(INSTALL DESTINATION "${etc}/pinhole" TYPE FILE FILES ${made}/pinhole.toml)
]])
install(DIRECTORY ${made}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 FILES_MATCHING PATTERN "*.1.gz")
install(DIRECTORY ${made}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 FILES_MATCHING PATTERN "*.5.gz")
install(DIRECTORY ${made}/systemd/ DESTINATION lib/systemd/system)
install(FILES ${packaging}/systemd/pinhole.sysusers DESTINATION lib/sysusers.d RENAME pinhole.conf)
install(FILES ${packaging}/systemd/pinhole.tmpfiles DESTINATION lib/tmpfiles.d RENAME pinhole.conf)
install(FILES ${packaging}/debian/copyright ${made}/changelog.gz ${made}/changelog.Debian.gz
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/pinhole)
install(FILES ${packaging}/debian/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME pinhole)
install(DIRECTORY ${packaging}/drop-ins/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/pinhole/examples)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME pinhole)
set(CPACK_PACKAGE_VENDOR "The Pinhole authors")
set(CPACK_PACKAGE_CONTACT "The Pinhole authors <pinhole@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "ML sensor: a camera goes in, a few bytes of facts come out")
set(CPACK_PACKAGE_DESCRIPTION "A person sensor for Linux: it says whether somebody is there, how many\n\
faces, and roughly where, on a pin, an I2C bus, to MQTT, over HTTP or into a\n\
log. Pictures stay inside, and what can leave is counted in bits.")
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
    WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd (>= 247)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gstreamer1.0-plugins-base, gstreamer1.0-plugins-good")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "fuse3, mosquitto")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
file(MAKE_DIRECTORY ${made})
file(WRITE ${made}/conffiles "/etc/pinhole/pinhole.toml\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${packaging}/debian/postinst ${packaging}/debian/prerm ${packaging}/debian/postrm ${made}/conffiles)
include(CPack)
