/** Chooses `count` of a series of unknown length, each with the same chance, holding no more than these. */
export function createReservoir<T>(count: number, chance: () => number) {
  const chosen: T[] = [];
  let offered = 0;
  return {
    offer(item: T) {
      offered++;
      if (chosen.length < count) chosen.push(item);
      else if (chance() < count / offered) chosen[Math.floor(chance() * count)] = item;
    },
    chosen: () => chosen,
    offered: () => offered,
  };
}
