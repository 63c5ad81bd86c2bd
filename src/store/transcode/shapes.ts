/**
 * Shapes: the ordered keys (with types) of a list of attributes, found by walking a tree along the keys. Each step first
 * tries the child taken last time, so that the usual span costs one comparison of bytes a key and no hashing.
 */
import { randomInt } from 'node:crypto';
import type { AttributeType } from '../../model/attributes.ts';
import { Column, paddedView } from './column.ts';
import { contentId, hasBytes, quickHash } from './content-id.ts';

/** One row of the table `shapes`. */
export interface Shape {
  readonly low: number;
  readonly high: number;
  readonly keys: readonly string[];
  readonly types: string;
  /** Serial of the block that asked last: says cheaply whether a block has the shape on its list. */
  block: number;
  /** Day on which the row was last stored, -1 before. */
  storedDay: number;
}

export class ShapeNode {
  shape: Shape | undefined;
  /** The child taken last. */
  usual: ShapeNode | undefined;
  children: Map<number, ShapeNode> | undefined;
  /** Another child of the same parent with the same quick hash. */
  twin: ShapeNode | undefined;
  readonly parent: ShapeNode | undefined;
  readonly depth: number;
  /** Of all keys from the root to here. */
  readonly pathBytes: number;
  readonly key: DataView<ArrayBuffer>;
  readonly keyLength: number;
  /** Character code of the type letter. */
  readonly type: number;

  constructor(parent: ShapeNode | undefined, key: DataView<ArrayBuffer>, keyLength: number, type: number) {
    this.parent = parent;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    this.pathBytes = (parent?.pathBytes ?? 0) + keyLength;
    this.key = key;
    this.keyLength = keyLength;
    this.type = type;
  }
}

export interface ShapeLimits {
  readonly maxShapes: number;
  /** Bounds memory: a flood of ever new keys makes many nodes before it makes many shapes. */
  readonly maxNodes: number;
  /** Attributes in one list. */
  readonly maxKeys: number;
  /** Of the keys of all nodes, and of all shapes: a key may be as long as a request. */
  readonly maxBytes: number;
}

export const defaultShapeLimits: ShapeLimits = {
  maxShapes: 10_000,
  maxNodes: 50_000,
  maxKeys: 128,
  maxBytes: 16 * 1024 * 1024,
};

export class Shapes {
  readonly root = new ShapeNode(undefined, paddedView(new Uint8Array(0)), 0, 0);
  private readonly limits: ShapeLimits;
  private readonly seed = randomInt(2 ** 31);
  private nodes = 0;
  private shapes = 0;
  private bytes = 0;

  constructor(limits: ShapeLimits) {
    this.limits = limits;
  }

  /** The node after one more key, or undefined when there is no room for a new one: the list must be stored inline. */
  next(node: ShapeNode, source: DataView, at: number, length: number, type: number): ShapeNode | undefined {
    const usual = node.usual;
    if (usual !== undefined && isChild(usual, source, at, length, type)) return usual;
    const found = this.find(node, source, at, length, type);
    if (found !== undefined) node.usual = found;
    return found;
  }

  /** The shape that ends at `node`, or undefined when there is no room for a new one. */
  at(node: ShapeNode): Shape | undefined {
    const { maxShapes, maxBytes } = this.limits;
    if (node.shape === undefined && this.shapes < maxShapes && this.bytes + node.pathBytes <= maxBytes) {
      this.shapes++;
      this.bytes += node.pathBytes;
      node.shape = shapeOf(node);
    }
    return node.shape;
  }

  /** Forgets everything and makes room. Ids are hashes of the content: what comes again gets its old id. */
  clear(): void {
    this.root.children = undefined;
    this.root.usual = undefined;
    this.nodes = 0;
    this.shapes = 0;
    this.bytes = 0;
  }

  private find(node: ShapeNode, source: DataView, at: number, length: number, type: number): ShapeNode | undefined {
    const hash = quickHash(source, at, length, this.seed ^ type);
    const first = node.children?.get(hash);
    for (let child = first; child !== undefined; child = child.twin) {
      if (isChild(child, source, at, length, type)) return child;
    }
    const { maxKeys, maxNodes, maxBytes } = this.limits;
    if (node.depth >= maxKeys || this.nodes >= maxNodes || this.bytes + length > maxBytes) return undefined;
    this.nodes++;
    this.bytes += length;
    const key = paddedView(new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset + at, length));
    const child = new ShapeNode(node, key, length, type);
    child.twin = first;
    node.children ??= new Map();
    node.children.set(hash, child);
    return child;
  }
}

function isChild(child: ShapeNode, source: DataView, at: number, length: number, type: number): boolean {
  return child.keyLength === length && child.type === type && hasBytes(source, at, child.key, length);
}

function shapeOf(node: ShapeNode): Shape {
  const path: ShapeNode[] = [];
  for (let at = node; at.parent !== undefined; at = at.parent) path.push(at);
  path.reverse();
  const content = new Column(1024);
  for (const { key, keyLength, type } of path) {
    content.string(key, 0, keyLength);
    content.u8(type);
  }
  return {
    ...contentId(content.content),
    keys: path.map(({ key, keyLength }) => Buffer.from(key.buffer, 0, keyLength).toString()),
    types: path.map(({ type }) => String.fromCharCode(type)).join(''),
    block: 0,
    storedDay: -1,
  };
}

/** Character codes of the type letters. */
export const typeCode: Readonly<Record<AttributeType, number>> = {
  s: 115,
  b: 98,
  i: 105,
  d: 100,
  y: 121,
  j: 106,
  n: 110,
};
