/** The resource attribute by which the demo's services are told from real ones: the shop sets it, the store and the page look for it. */
export const demoMark = 'ariane.demo';
