#include "routing/schema/draft7.h"

namespace headgate::routing {

// Choices are made with if/then/else, so that a mistake is told by its place and not as one of a choice. Bounds keep
// within what a double holds exactly.
std::string_view draft7_schema() {
  return R"({
  "type": ["object", "boolean"],
  "properties": {
    "$ref": {"type": "string"},
    "type": {
      "if": {"type": "array"},
      "then": {"items": {"$ref": "#/definitions/type"}, "minItems": 1, "uniqueItems": true},
      "else": {"$ref": "#/definitions/type"}
    },
    "enum": {"type": "array", "minItems": 1},
    "multipleOf": {"type": "number", "exclusiveMinimum": 0, "maximum": 9007199254740992},
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "exclusiveMinimum": {"type": "number"},
    "exclusiveMaximum": {"type": "number"},
    "minLength": {"$ref": "#/definitions/count"},
    "maxLength": {"$ref": "#/definitions/count"},
    "minItems": {"$ref": "#/definitions/count"},
    "maxItems": {"$ref": "#/definitions/count"},
    "minProperties": {"$ref": "#/definitions/count"},
    "maxProperties": {"$ref": "#/definitions/count"},
    "uniqueItems": {"type": "boolean"},
    "pattern": {"type": "string"},
    "format": {"type": "string"},
    "required": {"$ref": "#/definitions/names"},
    "not": {"$ref": "#"},
    "if": {"$ref": "#"},
    "then": {"$ref": "#"},
    "else": {"$ref": "#"},
    "contains": {"$ref": "#"},
    "propertyNames": {"$ref": "#"},
    "additionalItems": {"$ref": "#"},
    "additionalProperties": {"$ref": "#"},
    "allOf": {"$ref": "#/definitions/schemas"},
    "anyOf": {"$ref": "#/definitions/schemas"},
    "oneOf": {"$ref": "#/definitions/schemas"},
    "items": {"if": {"type": "array"}, "then": {"items": {"$ref": "#"}}, "else": {"$ref": "#"}},
    "properties": {"$ref": "#/definitions/named"},
    "patternProperties": {"$ref": "#/definitions/named"},
    "definitions": {"$ref": "#/definitions/named"},
    "$defs": {"$ref": "#/definitions/named"},
    "dependencies": {
      "type": "object",
      "additionalProperties": {
        "if": {"type": "array"},
        "then": {"$ref": "#/definitions/names"},
        "else": {"$ref": "#"}
      }
    }
  },
  "definitions": {
    "type": {"enum": ["null", "boolean", "object", "array", "number", "string", "integer"]},
    "count": {"type": "integer", "minimum": 0, "maximum": 9007199254740992},
    "names": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
    "schemas": {"type": "array", "items": {"$ref": "#"}, "minItems": 1},
    "named": {"type": "object", "additionalProperties": {"$ref": "#"}}
  }
})";
}

}  // namespace headgate::routing
