#!/usr/bin/env node
import '../dist/store/engine/child.js';
