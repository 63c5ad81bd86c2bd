import '../dist/demo/child.js';
