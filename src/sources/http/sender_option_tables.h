// The option table of basic_auth.
#pragma once

#include <array>

#include "core/option.h"

namespace cdviz::sources::http {

inline constexpr std::array kBasicAuthOptions = {
    Option{.name = "user", .help = "The user's name, without a colon.", .required = true},
    Option{.name = "password",
           .type = OptionType::secret,
           .help = "The password; never empty.",
           .required = true},
};

}  // namespace cdviz::sources::http
