/** An error of the engine, with ClickHouse's code and text: https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: number;
  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const engineCode = {
  badArguments: 36,
  unknownParameter: 456,
  syntaxError: 62,
  unknownDatabase: 81,
  timeoutExceeded: 159,
  readonly: 164,
  tooManyQueries: 202,
  notEnoughSpace: 243,
  tooManyParts: 252,
  queryWasCancelled: 394,
  authenticationFailed: 516,
  unknown: 1002,
} as const;

/**
 * Codes by which the engine refuses *the data*: the same bytes will be refused for ever. A missing table or column is
 * not among them, it is the store that is wrong then and not the data.
 */
const dataRefused: ReadonlySet<number> = new Set([
  6, // CANNOT_PARSE_TEXT
  20, // NUMBER_OF_COLUMNS_DOESNT_MATCH
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  32, // ATTEMPT_TO_READ_AFTER_EOF
  33, // CANNOT_READ_ALL_DATA
  34, // TOO_MANY_ARGUMENTS_FOR_FUNCTION
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  43, // ILLEGAL_TYPE_OF_ARGUMENT
  50, // UNKNOWN_TYPE
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  128, // TOO_LARGE_ARRAY_SIZE
  131, // TOO_LARGE_STRING_SIZE
  190, // SIZES_OF_ARRAYS_DONT_MATCH
  246, // CORRUPTED_DATA
  271, // CANNOT_DECOMPRESS
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  407, // DECIMAL_OVERFLOW
  469, // VIOLATED_CONSTRAINT
  1001, // STD_EXCEPTION: what a reader of damaged bytes throws when a length makes no sense
]);

/** True when trying again cannot help: the exporter puts such rows aside. */
export function isPermanent(error: unknown): boolean {
  if (!(error instanceof EngineError)) return false;
  // Two refusals share code 252: "too many parts" passes when merges have caught up, "too many partitions" never does.
  if (error.code === engineCode.tooManyParts) return /too many partitions/i.test(error.message);
  return dataRefused.has(error.code);
}

/** Reads the code off a text such as `Code: 62. DB::Exception: Syntax error … (SYNTAX_ERROR)`. */
export function engineErrorFrom(error: unknown): EngineError {
  const text = error instanceof Error ? error.message : String(error);
  const code = Number(/Code:\s*(\d+)/.exec(text)?.[1] ?? engineCode.unknown);
  return new EngineError(code, text.replace(/^Code:\s*\d+\.\s*/, ''), { cause: error });
}
