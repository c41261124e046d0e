/** What a server for so many studies a month holds after some years. Sizes are 1024 based, as in the manual, 1.2. */
export interface Assessment {
  studiesPerMonth: number;
  years: number;
  cores: number;
  memoryGb: number;
  /** System and room for temporary files. */
  baseGb: number;
  databaseGb: number;
  documentsGb: number;
  /** Base, database and documents. */
  diskGb: number;
  /** Two full backups and what is added in two months. */
  backupGb: number;
  calculation: Calculation;
  warnings: string[];
}

/** The manual's calculation from measured growth, in KB and nothing rounded up for safety. */
export interface Calculation {
  databaseKb: number;
  documentsKb: number;
  diskKb: number;
  backupKb: number;
}

interface Published {
  studies: number;
  documentsGb: number;
  backupGb: number;
  cores: number;
}

/**
 * The manual's tables, for ten years. They do not follow from its formulas alone: documents of 20 and 250 studies are those of
 * "120 * studies * 17 MB", rounded up, but those of 40 and 100 come from what was measured; and each backup is a multiple of the
 * 444 GB of 100 studies, for 250 studies three times as much instead of two and a half. The tables are what operators bought
 * their disks by, and the greater figures err on the safe side, so the tables stand. In between, sizes grow evenly.
 */
const PUBLISHED: readonly Published[] = [
  { studies: 20, documentsGb: 40, backupGb: 89, cores: 2 },
  { studies: 40, documentsGb: 78, backupGb: 178, cores: 4 },
  { studies: 100, documentsGb: 195, backupGb: 444, cores: 6 },
  { studies: 250, documentsGb: 500, backupGb: 1332, cores: 8 },
];

const PUBLISHED_YEARS = 10;
const BASE_GB = 50;
const STUDIES_PER_DATABASE_GB = 12.5;
const BASE_MEMORY_GB = 2;
const LEAST_MEMORY_GB = 4;
const MOST_STUDIES = 250;

/** Measured in 59 months with about 100 studies each. */
const MEASURED = { months: 59, studies: 100, databaseKb: 4_074_220, documentsKb: 100_684_328 };
const KB_PER_GB = 1024 * 1024;

/** @param studiesPerMonth above 0, as is `years`; half a study is one every other month */
export function assess(studiesPerMonth: number, years: number = PUBLISHED_YEARS): Assessment {
  const age = years / PUBLISHED_YEARS;
  const cores = PUBLISHED.find(({ studies }) => studies >= studiesPerMonth)?.cores ?? PUBLISHED.at(-1)!.cores;
  const databaseGb = roundTo((studiesPerMonth / STUDIES_PER_DATABASE_GB) * age, 0.1);
  const documentsGb = Math.round(between(studiesPerMonth, "documentsGb") * age);
  return {
    studiesPerMonth,
    years,
    cores,
    memoryGb: Math.max(LEAST_MEMORY_GB, Math.ceil((BASE_MEMORY_GB + cores + databaseGb) * 2) / 2),
    baseGb: BASE_GB,
    databaseGb,
    documentsGb,
    diskGb: Math.round(BASE_GB + databaseGb + documentsGb),
    backupGb: Math.round(between(studiesPerMonth, "backupGb") * age),
    calculation: calculate(studiesPerMonth, years),
    warnings: warningsFor(studiesPerMonth * age),
  };
}

/** Linear between two published sizes, and in proportion below the first and beyond the last. */
function between(studiesPerMonth: number, size: "documentsGb" | "backupGb"): number {
  const above = PUBLISHED.findIndex(({ studies }) => studies >= studiesPerMonth);
  const high = PUBLISHED.at(above)!; // beyond the last one, -1 is the last
  const low = above > 0 ? PUBLISHED[above - 1]! : { studies: 0, documentsGb: 0, backupGb: 0 };
  const share = (studiesPerMonth - low.studies) / (high.studies - low.studies);
  return low[size] + share * (high[size] - low[size]);
}

/**
 * As the manual calculates 100 studies: its backup has the 50 GB of the base where its own rule has the database, which the table
 * above was made with.
 */
function calculate(studiesPerMonth: number, years: number): Calculation {
  const months = years * 12;
  const grown = (kb: number) => ((kb / MEASURED.months) * months * studiesPerMonth) / MEASURED.studies;
  const baseKb = BASE_GB * KB_PER_GB;
  const databaseKb = Math.floor(grown(MEASURED.databaseKb));
  const documentsKb = Math.floor(grown(MEASURED.documentsKb));
  const addedKb = (documentsKb / months) * 2;
  return {
    databaseKb,
    documentsKb,
    diskKb: baseKb + databaseKb + documentsKb,
    backupKb: Math.floor(2 * documentsKb + baseKb + addedKb),
  };
}

function warningsFor(studies: number): string[] {
  if (studies <= MOST_STUDIES) return [];
  return [`More than ${MOST_STUDIES} studies per month for ten years were never tried; the figures are only a guess.`];
}

const roundTo = (value: number, step: number) => Number((Math.round(value / step) * step).toFixed(1));
