# One place for the flags that every target shares.
option(TARN_WERROR "warnings are errors" OFF)

add_library(tarn_options INTERFACE)
target_compile_options(tarn_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Werror=return-type -Werror=unused-result -fstack-protector-strong -fno-strict-aliasing)
target_include_directories(tarn_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
if(TARN_WERROR)
  target_compile_options(tarn_options INTERFACE -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Warnings that g++ 12 guesses from data flow, and gets wrong inside its own library: seen, but not fatal.
    target_compile_options(tarn_options INTERFACE
      -Wno-error=restrict -Wno-error=maybe-uninitialized -Wno-error=array-bounds
      -Wno-error=stringop-overflow -Wno-error=stringop-overread -Wno-error=free-nonheap-object)
  endif()
endif()
if(CMAKE_BUILD_TYPE MATCHES "Rel")
  target_compile_options(tarn_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_link_options(-Wl,-z,relro,-z,now)

if(TARN_SANITIZE)
  add_compile_options(-fsanitize=${TARN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TARN_SANITIZE})
endif()
if(TARN_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "TARN_FUZZ needs clang: cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(TARN_CCACHE ccache)
if(TARN_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${TARN_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TARN_CCACHE})
endif()
find_program(TARN_MOLD mold)
if(TARN_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
