# What nearly every unit test includes, read once: with it most of them compile in two thirds of the time. The product has
# none, so that its build shows whether each file includes what it uses. ccache would no longer find what it has.
if(CMAKE_CXX_COMPILER_LAUNCHER)
  return()
endif()

# GCC 12 takes strings of its own library for overflows, but only with precompiled headers.
set(false_alarms "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread>")
file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cc "")
add_library(gtest_pch OBJECT ${CMAKE_BINARY_DIR}/precompiled.cc)
target_compile_options(gtest_pch PRIVATE ${false_alarms})
target_link_libraries(gtest_pch PRIVATE GTest::gtest)
target_precompile_headers(gtest_pch PRIVATE
  <algorithm> <functional> <map> <memory> <optional> <string> <utility> <vector>
  <absl/status/statusor.h> <absl/strings/match.h> <absl/strings/str_cat.h> <absl/strings/str_format.h>
  <absl/strings/str_join.h> <absl/strings/str_split.h> <absl/time/time.h> <gtest/gtest.h>)

# precompile_tests(FOLDER): for all targets of a folder and of those below it that link GoogleTest.
function(precompile_tests folder)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(libraries ${target} LINK_LIBRARIES)
    if(libraries MATCHES "GTest::" AND NOT target STREQUAL gtest_pch)
      target_compile_options(${target} PRIVATE ${false_alarms})
      target_precompile_headers(${target} REUSE_FROM gtest_pch)
    endif()
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(subfolder ${folders})
    precompile_tests(${subfolder})
  endforeach()
endfunction()
precompile_tests(${CMAKE_SOURCE_DIR}/tests)
