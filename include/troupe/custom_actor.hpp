/// Everything that a custom actor includes: derive from troupe::custom::actor,
/// put TROUPE_PLUGIN below it, build a shared library, start a node with
/// `--plugin FILE`. Template and example: README.md, examples/plugins.
#pragma once

#include "troupe/custom/actor.hpp"
#include "troupe/custom/arguments.hpp"
#include "troupe/custom/message.hpp"
#include "troupe/custom/plugin.hpp"
