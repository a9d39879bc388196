# Warnings are errors, in g++ and clang. Assertions stay on in every build type (house rule: half-working is worse than down).
add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wpedantic -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ also complains about a result that is cast to void, on purpose and visibly; clang sees the others.
  add_compile_options(-Wno-unused-result)
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Debug CACHE STRING "Release, Debug, RelWithDebInfo, or Sanitize (-O1, for CDVIZ_SANITIZE)" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_CXX_FLAGS_SANITIZE "-O1 -g1")

# What reads bytes from the network is hardened as Debian hardens its own packages (dpkg-buildflags, hardening=+all;
# position-independent executables are Debian's default already).
if(CMAKE_BUILD_TYPE MATCHES "^Rel")
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro -Wl,-z,now)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(CDVIZ_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined or thread")
if(CDVIZ_SANITIZE)
  add_compile_options(-fsanitize=${CDVIZ_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CDVIZ_SANITIZE})
endif()
if(CDVIZ_FUZZ)  # the fuzzer sees where each input gets to, in the folders' libraries too
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
