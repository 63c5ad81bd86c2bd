/** Collects the values of one statement while its SQL is put together: no value ever becomes SQL text. */
import type { QueryParams } from '../store/database.ts';

export class Bindings {
  private readonly values: Record<string, unknown>;
  private count: number;

  constructor(values: Record<string, unknown> = {}, count = 0) {
    this.values = values;
    this.count = count;
  }

  /** The same values, to which more can be bound without these knowing. */
  fork(): Bindings {
    return new Bindings({ ...this.values }, this.count);
  }

  /** Binds `value` as the ClickHouse type `type` and gives the placeholder for the SQL. */
  bind(
    type: string,
    value: string | number | bigint | readonly string[] | readonly number[] | readonly bigint[],
  ): string {
    const name = `p${this.count++}`;
    this.values[name] = value;
    return `{${name}:${type}}`;
  }

  /** A trace id of 32 hex digits, as the column holds it. */
  traceId(hex: string): string {
    return `unhex(${this.bind('String', hex)})`;
  }

  /** The right side of `trace_id IN …`. A subquery, because the engine then makes a set that the bloom index understands. */
  traceIds(hexes: readonly string[]): string {
    return `(SELECT toFixedString(unhex(arrayJoin(${this.bind('Array(String)', hexes)})), 16))`;
  }

  /** The right side of `span_id IN …`, 16 hex digits each. */
  spanIds(hexes: readonly string[]): string {
    return `(SELECT toFixedString(unhex(arrayJoin(${this.bind('Array(String)', hexes)})), 8))`;
  }

  /** The right side of `(service, name) IN …`. */
  operations(names: readonly { readonly service: string; readonly operation: string }[]): string {
    const services = this.bind(
      'Array(String)',
      names.map((n) => n.service),
    );
    const operations = this.bind(
      'Array(String)',
      names.map((n) => n.operation),
    );
    return `(SELECT pair.1, pair.2 FROM (SELECT arrayJoin(arrayZip(${services}, ${operations})) AS pair))`;
  }

  get params(): QueryParams {
    return this.values;
  }
}
