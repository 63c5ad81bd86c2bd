/**
 * chDB's server settings. The defaults are made for a machine of its own; these keep the engine small beside an
 * application: caches that fit tables of some 10 GB, one background merge at a time, merges in small blocks.
 * https://clickhouse.com/docs/operations/server-configuration-parameters/settings
 */
const mib = 2 ** 20;

export function engineConfigXml(memoryBytes: number): string {
  const server = {
    max_server_memory_usage: memoryBytes,
    mark_cache_size: 32 * mib,
    primary_index_cache_size: 16 * mib,
    index_mark_cache_size: 8 * mib,
    text_index_tokens_cache_size: 16 * mib,
    text_index_header_cache_size: 16 * mib,
    text_index_postings_cache_size: 16 * mib,
    query_condition_cache_size: 8 * mib,
    compiled_expression_cache_size: 8 * mib,
    max_thread_pool_size: 64,
    max_io_thread_pool_size: 8,
    background_pool_size: 1,
  };
  const mergeTree = {
    merge_max_block_size: 1024,
    merge_max_block_size_bytes: 2 * mib,
    max_bytes_to_merge_at_max_space_in_pool: 1024 * mib,
    // What was merged away leaves the disk after a minute instead of eight: longer than the kernel takes to write the merged part.
    old_parts_lifetime: 60,
  };
  return `<clickhouse>${elements(server)}<merge_tree>${elements(mergeTree)}</merge_tree></clickhouse>\n`;
}

/** Environment of the child. jemalloc gives pages back within half a second; queries run on libuv's pool; days are UTC's. */
export const engineEnvironment = {
  JE_MALLOC_CONF: 'narenas:2,dirty_decay_ms:500,muzzy_decay_ms:0,background_thread:true',
  UV_THREADPOOL_SIZE: '16',
  TZ: 'UTC',
} as const;

function elements(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('');
}
