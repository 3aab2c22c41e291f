# What nearly every file includes, read once: with it most files compile in two thirds of the time. Only where the tests
# are built, so the image shows that each file of the product includes what it uses; clang-tidy shows it too. ccache
# would no longer find what it has.
if(NOT KUBECOST_EXPORTER_TESTS OR CMAKE_CXX_COMPILER_LAUNCHER)
  return()
endif()

set(common_headers
  <algorithm> <functional> <map> <memory> <optional> <string> <utility> <vector>
  <absl/status/statusor.h> <absl/strings/match.h> <absl/strings/str_cat.h> <absl/strings/str_format.h>
  <absl/strings/str_join.h> <absl/strings/str_split.h> <absl/time/time.h>)
# GCC 12 takes strings of its own library for overflows, but only with precompiled headers.
set(false_alarms "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread>")
file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc "")

# precompiled_headers(NAME HEADER...): a target for others to take them from.
function(precompiled_headers name)
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
  target_compile_options(${name} PRIVATE ${false_alarms})
  target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()
precompiled_headers(common_pch ${common_headers})
precompiled_headers(gtest_pch ${common_headers} <gtest/gtest.h>)
target_link_libraries(gtest_pch PRIVATE GTest::gtest)

# precompile(FOLDER): for all C++ targets of a folder and of those below it.
function(precompile folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(sources ${target} SOURCES)
    get_target_property(libraries ${target} LINK_LIBRARIES)
    if(NOT sources MATCHES "[.]cc" OR target MATCHES "_pch$")
      continue()
    endif()
    target_compile_options(${target} PRIVATE ${false_alarms})
    if(libraries MATCHES "GTest::")
      target_precompile_headers(${target} REUSE_FROM gtest_pch)
    else()
      target_precompile_headers(${target} REUSE_FROM common_pch)
    endif()
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(subfolder ${folders})
    precompile(${subfolder})
  endforeach()
endfunction()
precompile(${CMAKE_SOURCE_DIR})
