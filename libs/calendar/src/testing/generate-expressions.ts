/** Expressions that systemd accepts, the same ones for the same seed. */
export function generateExpressions(seed: number, count: number): string[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => generateExpression(random));
}

type Random = ReturnType<typeof seededRandom>;

/** A small linear congruential generator (the constants of Numerical Recipes), good enough to choose between cases. */
function seededRandom(seed: number) {
  let state = seed >>> 0;
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return {
    between: (first: number, last: number) => first + below(last - first + 1),
    oneOf: <T>(choices: readonly T[]): T => choices[below(choices.length)]!,
  };
}

function generateExpression(random: Random): string {
  const time = random.oneOf([[], [generateTime(random)], [generateTime(random)]]);
  const date = random.oneOf([[], [generateDate(random)]]);
  const weekdays = random.oneOf([[], [], [generateWeekdays(random)]]);
  const zone = random.oneOf([[], [], [], ["UTC"], [], [], [], ["Europe/Vienna"], [], [], [], ["America/St_Johns"]]);
  const words = [...weekdays, ...date, ...time];
  return [...(words.length > 0 ? words : ["00:00"]), ...zone].join(" ");
}

function generateWeekdays(random: Random): string {
  const names = ["Mon", "tuesday", "Wed", "THU", "Friday", "Sat", "sun"];
  const start = random.between(0, 5);
  const range = `${names[start]}..${names[random.between(start + 1, 6)]}`;
  return random.oneOf([
    names[start]!,
    range,
    `${random.oneOf(names)},${random.oneOf(names)}`,
    `${range},${random.oneOf(names)}`,
  ]);
}

function generateDate(random: Random): string {
  const month = generateField(random, 1, 12);
  const day = random.oneOf([
    `-${generateField(random, 1, 31)}`,
    `-${generateField(random, 1, 31)}`,
    `~${generateDayFromEnd(random)}`,
  ]);
  const year = random.oneOf(["", "*-", "*-", "2026-", "2026..2030-", "26,28-", "2020/4-"]);
  return `${year}${month}${day}`;
}

function generateDayFromEnd(random: Random): string {
  const nth = random.between(3, 28);
  return random.oneOf([`${nth}`, `${nth}/${random.between(1, 2)}`, `1..${nth}`, `2..${nth}/3`]);
}

function generateTime(random: Random): string {
  const second = random.oneOf([
    "",
    "",
    `:${generateField(random, 0, 59)}`,
    `:${random.between(0, 58)}.25`,
    ":0/7.5",
    ":10.5..40/9.25",
  ]);
  return `${generateField(random, 0, 23)}:${generateField(random, 0, 59)}${second}`;
}

/** Steps stay small enough that a second value follows, which systemd insists on. */
function generateField(random: Random, first: number, last: number): string {
  const start = random.between(first, Math.floor(last / 2));
  const end = random.between(start + 1, last);
  const step = random.between(1, Math.floor(last / 2) - 1);
  return random.oneOf([
    "*",
    "*",
    `${start}`,
    `${random.between(first, last)}`,
    `${start}..${end}`,
    `${start}..${end}/${step}`,
    `${start}/${step}`,
    `${end},${start}`,
    `${start},${random.between(first, last)},${start}..${end}`,
  ]);
}
