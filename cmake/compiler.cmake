# Warnings are errors, in g++ and clang. Assertions stay on in every build type (house rule: half-working is worse than down).
add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wpedantic -Werror -fno-omit-frame-pointer)
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")

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
