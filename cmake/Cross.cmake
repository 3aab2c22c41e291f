# A toolchain file for Debian's compilers, cross or native: -DKUBECOST_EXPORTER_TARGET=aarch64-linux-gnu. Libraries are
# those of the target's architecture, as dpkg installs them beside the machine's own.
set(CMAKE_SYSTEM_NAME Linux)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "${KUBECOST_EXPORTER_TARGET}")
set(CMAKE_C_COMPILER ${KUBECOST_EXPORTER_TARGET}-gcc)
set(CMAKE_CXX_COMPILER ${KUBECOST_EXPORTER_TARGET}-g++)
# This file is read once more by each check of the compiler.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KUBECOST_EXPORTER_TARGET)
