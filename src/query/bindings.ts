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

  get params(): QueryParams {
    return this.values;
  }
}
