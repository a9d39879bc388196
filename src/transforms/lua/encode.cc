#include "transforms/lua/encode.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "cdevents/vocabulary.h"
#include "core/json_text.h"
#include "core/limits.h"
#include "transforms/lua/engine.h"
#include "transforms/lua/view.h"

namespace cdviz::transforms::lua {
namespace {

using cdevents::Shape;

constexpr char kArrayKey = 0;  // its address is the key

/// The shape of a member. @returns false when an object of this shape cannot have it
bool shape_of_member(const Shape* object, std::string_view name, const Shape*& shape) {
  shape = nullptr;
  if (object == nullptr || object->kind != Shape::Kind::object) return true;
  for (const auto& member : object->members) {
    if (member.name != name) continue;
    shape = &member.shape;
    return true;
  }
  return object->open;
}

std::string names_of(const Shape& object) {
  std::string out;
  for (const auto& member : object.members) {
    if (member.lenient) continue;
    if (!out.empty()) out += ", ";
    out += member.name;
  }
  return out.empty() ? "it has none" : "it has " + out;
}

class Encoder {
 public:
  Encoder(lua_State* state, std::string_view what, const EventPlan* plan)
      : state_(state), engine_(Engine::of(state)), what_(what), plan_(plan) {}

  std::string encode(int index, const Shape* shape) {
    value(lua_absindex(state_, index), shape, nullptr);
    engine_.charge(out_.size() / 16);
    return std::move(out_);
  }

 private:
  /// The place of a value, for messages.
  struct Place {
    const Place* above;
    std::string_view name;
    lua_Integer number;
    std::size_t depth;
  };

  [[noreturn]] void fail(const Place* place, const std::string& message) {
    std::string path;
    for (; place != nullptr; place = place->above) {
      path.insert(0, "/" + (place->name.data() != nullptr ? std::string(place->name)
                                                          : std::to_string(place->number)));
    }
    if (path.empty()) path = "the value";
    luaL_error(state_, "%s: %s %s", std::string(what_).c_str(), path.c_str(), message.c_str());
    std::abort();  // it does not return
  }

  void value(int index, const Shape* shape, const Place* place) {
    if (out_.size() > engine_.limits().output) {
      fail(place, "makes it larger than " + std::to_string(engine_.limits().output) + " bytes");
    }
    switch (lua_type(state_, index)) {
      case LUA_TBOOLEAN:
        out_ += lua_toboolean(state_, index) != 0 ? "true" : "false";
        return;
      case LUA_TNUMBER:
        return number(index, shape, place);
      case LUA_TSTRING:
        append_json_string(out_, text_at(state_, index));
        return;
      case LUA_TLIGHTUSERDATA:
        out_ += "null";
        return;
      case LUA_TTABLE:
        return table(index, shape, place);
      case LUA_TUSERDATA:
        return userdata(index, shape, place);
      default:
        fail(place,
             std::string("is a ") + luaL_typename(state_, index) + ", which JSON does not have");
    }
  }

  void number(int index, const Shape* shape, const Place* place) {
    std::array<char, 64> buffer{};
    char* end = nullptr;
    const bool is_integer = lua_isinteger(state_, index) != 0;
    if (is_integer) {
      end =
          std::to_chars(buffer.data(), buffer.data() + buffer.size(), lua_tointeger(state_, index))
              .ptr;
    } else {
      const double number = lua_tonumber(state_, index);
      if (!std::isfinite(number)) fail(place, "is no finite number");
      end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    }
    const std::string_view digits{buffer.data(), static_cast<std::size_t>(end - buffer.data())};
    const bool as_text = is_integer && shape != nullptr && shape->kind == Shape::Kind::text;
    if (as_text) out_ += '"';
    out_ += digits;
    if (as_text) out_ += '"';
  }

  void userdata(int index, const Shape* shape, const Place* place) {
    if (View* view = view_at(state_, index)) {
      engine_.note_read(*view->document, view->at);
      return view_value(*view->document, view->at, shape, place);
    }
    if (const auto digits = exact_number_at(state_, index); !digits.empty()) {
      out_ += digits;
      return;
    }
    fail(place, "is something that JSON does not have (an event, m or a header list)");
  }

  void view_value(ParsedJson& document, ParsedJson::Index at, const Shape* shape,
                  const Place* place) {
    using Kind = ParsedJson::Kind;
    switch (document.kind(at)) {
      case Kind::null:
        out_ += "null";
        return;
      case Kind::boolean:
        out_ += document.boolean(at) ? "true" : "false";
        return;
      case Kind::integer:
        out_ += std::to_string(document.integer(at));
        return;
      case Kind::number:
        out_ += document.number_text(at);
        return;
      case Kind::string:
        append_json_string(out_, document.string(at));
        return;
      case Kind::array:
      case Kind::object:
        return view_container(document, at, shape, place);
    }
  }

  void view_container(ParsedJson& document, ParsedJson::Index container, const Shape* shape,
                      const Place* place) {
    const bool is_object = document.kind(container) == ParsedJson::Kind::object;
    out_ += is_object ? '{' : '[';
    bool first = true;
    for (auto at = ParsedJson::first(container); at < document.end(container);) {
      const Shape* inner = nullptr;
      if (!first) out_ += ',';
      first = false;
      if (is_object) {
        const auto name = document.string(at);
        if (!shape_of_member(shape, name, inner)) unknown(name, *shape, place);
        append_json_string(out_, name);
        out_ += ':';
        ++at;
      }
      view_value(document, at, inner, place);
      at = document.after(at);
    }
    out_ += is_object ? '}' : ']';
    if (out_.size() > engine_.limits().output) {
      fail(place, "makes it larger than " + std::to_string(engine_.limits().output) + " bytes");
    }
  }

  [[noreturn]] void unknown(std::string_view name, const Shape& shape, const Place* place) {
    const Place here{place, name, 0, 0};
    fail(&here, "is not a member of this event: " + names_of(shape));
  }

  void table(int index, const Shape* shape, const Place* place) {
    const std::size_t depth = place == nullptr ? 1 : place->depth + 1;
    if (depth > limits::kJsonDepth) {
      fail(place, "is nested deeper than " + std::to_string(limits::kJsonDepth) + " levels");
    }
    luaL_checkstack(state_, 4, "too deep");
    if (is_list(state_, index)) return list(index, place, depth);
    object(index, shape, place, depth);
  }

  void list(int index, const Place* place, std::size_t depth) {
    const auto size = static_cast<lua_Integer>(lua_rawlen(state_, index));
    engine_.charge(static_cast<std::size_t>(size));
    // A list with names besides would lose them silently.
    std::size_t entries = 0;
    for (lua_pushnil(state_); lua_next(state_, index) != 0; lua_pop(state_, 1)) ++entries;
    if (entries != static_cast<std::size_t>(size)) {
      fail(place, "has a list's elements and other members, or gaps: make it one or the other");
    }
    out_ += '[';
    for (lua_Integer number = 1; number <= size; ++number) {
      if (number > 1) out_ += ',';
      const Place here{place, {}, number - 1, depth};
      lua_rawgeti(state_, index, number);
      value(lua_gettop(state_), nullptr, &here);
      lua_pop(state_, 1);
    }
    out_ += ']';
  }

  void object(int index, const Shape* shape, const Place* place, std::size_t depth) {
    // One of several shapes, as customData is: nothing is known about its members.
    if (shape != nullptr && shape->kind != Shape::Kind::object) shape = nullptr;
    std::vector<std::string_view> names;
    for (lua_pushnil(state_); lua_next(state_, index) != 0; lua_pop(state_, 1)) {
      // lua_tolstring would turn a number into a string, and confuse lua_next.
      if (lua_type(state_, -2) != LUA_TSTRING) {
        fail(place, std::string("has a key that is a ") + luaL_typename(state_, -2) +
                        "; the members of an object have names");
      }
      names.push_back(text_at(state_, -2));  // the table keeps it
    }
    engine_.charge(names.size());
    std::sort(names.begin(), names.end());
    auto added = added_to(place);
    out_ += '{';
    bool first = true;
    const auto begin = [&](std::string_view name) {
      if (!first) out_ += ',';
      first = false;
      append_json_string(out_, name);
      out_ += ':';
    };
    for (const auto name : names) {
      for (; !added.empty() && added.front().name <= name; added = added.subspan(1)) {
        if (added.front().name == name) {
          if (name == "content") continue;  // added for those who give none
          const Place here{place, name, 0, depth};
          fail(&here, "is filled in by cdevent(): leave it out");
        }
        begin(added.front().name);
        out_ += added.front().json;
      }
      const Shape* inner = nullptr;
      if (!shape_of_member(shape, name, inner)) unknown(name, *shape, place);
      const Place here{place, name, 0, depth};
      push(state_, name);
      lua_rawget(state_, index);
      const bool left_out = is_null(state_, -1) && shape != nullptr;
      if (!left_out) {
        begin(name);
        value(lua_gettop(state_), inner, &here);
      }
      lua_pop(state_, 1);
    }
    for (const auto& one : added) {
      begin(one.name);
      out_ += one.json;
    }
    out_ += '}';
  }

  std::span<const Added> added_to(const Place* place) const {
    if (plan_ == nullptr || place == nullptr || place->above != nullptr) return {};
    if (place->name == "context") return plan_->context;
    if (place->name == "subject") return plan_->subject;
    return {};
  }

  lua_State* const state_;
  Engine& engine_;
  const std::string_view what_;
  const EventPlan* const plan_;
  std::string out_;
};

}  // namespace

std::string encode(lua_State* state, int index) {
  return Encoder(state, "JSON", nullptr).encode(index, nullptr);
}

std::string encode_event(lua_State* state, int index, const EventPlan& plan) {
  return Encoder(state, plan.name, &plan).encode(index, &plan.shape);
}

void open_arrays(lua_State* state) {
  lua_newtable(state);
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kArrayKey);
}

void mark_as_array(lua_State* state) {
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kArrayKey);
  lua_setmetatable(state, -2);
}

bool is_marked_array(lua_State* state, int index) {
  if (lua_getmetatable(state, index) == 0) return false;
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kArrayKey);
  const bool is_array = lua_rawequal(state, -1, -2) != 0;
  lua_pop(state, 2);
  return is_array;
}

bool is_list(lua_State* state, int index) {
  if (lua_type(state, index) == LUA_TTABLE) {
    if (is_marked_array(state, index)) return true;
    const bool has_one = lua_rawgeti(state, index, 1) != LUA_TNIL;
    lua_pop(state, 1);
    return has_one;
  }
  const View* view = view_at(state, index);
  return view != nullptr && view->document->kind(view->at) == ParsedJson::Kind::array;
}

}  // namespace cdviz::transforms::lua
