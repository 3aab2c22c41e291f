# civetweb from Debian's source package, which scripts/install-dependencies.sh puts into third_party/civetweb. Debian's
# binary package has no IPv6 and crashes on the first TLS request, so it is only the fallback.
set(KUBECOST_EXPORTER_CIVETWEB_DIR ${CMAKE_SOURCE_DIR}/third_party/civetweb CACHE PATH "civetweb's source")

if(EXISTS ${KUBECOST_EXPORTER_CIVETWEB_DIR}/src/civetweb.c)
  add_library(exporter_civetweb STATIC ${KUBECOST_EXPORTER_CIVETWEB_DIR}/src/civetweb.c)
  target_include_directories(exporter_civetweb SYSTEM PUBLIC ${KUBECOST_EXPORTER_CIVETWEB_DIR}/include)
  # STOP_FLAG_NEEDS_LOCK makes the flag between its threads an atomic; SOCKET_TIMEOUT_QUANTUM (ms) is how late a thread
  # notices that the server stops.
  target_compile_definitions(exporter_civetweb PRIVATE
    OPENSSL_API_3_0 NO_SSL_DL USE_IPV6 NO_CGI NO_FILES STOP_FLAG_NEEDS_LOCK SOCKET_TIMEOUT_QUANTUM=200)
  target_compile_definitions(exporter_civetweb INTERFACE EXPORTER_CIVETWEB_HAS_TLS)
  target_compile_options(exporter_civetweb PRIVATE -w)
  target_link_libraries(exporter_civetweb PRIVATE OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
else()
  message(WARNING "${KUBECOST_EXPORTER_CIVETWEB_DIR} is missing: building with the system's civetweb, which has no "
    "IPv6 and no usable TLS. scripts/install-dependencies.sh fetches the source.")
  find_path(CIVETWEB_INCLUDE_DIR civetweb.h REQUIRED)
  find_library(CIVETWEB_LIBRARY civetweb REQUIRED)
  add_library(exporter_civetweb UNKNOWN IMPORTED)
  set_target_properties(exporter_civetweb PROPERTIES
    IMPORTED_LOCATION ${CIVETWEB_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${CIVETWEB_INCLUDE_DIR})
endif()
