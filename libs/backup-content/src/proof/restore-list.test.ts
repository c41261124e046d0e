import { describe, expect, it } from "vitest";
import { planRestoreList } from "./restore-list.ts";

const CONTENTS = `;
; Archive created at 2026-11-22 17:26:13 UTC
;     dbname: ecs
;
7; 2615 2200 SCHEMA - public postgres
2301; 0 0 COMMENT - SCHEMA public postgres
3; 3079 16400 EXTENSION - pg_stat_statements 
2302; 0 0 COMMENT - EXTENSION pg_stat_statements 
1; 3079 12361 EXTENSION - plpgsql 
2303; 0 0 COMMENT - EXTENSION plpgsql 
4; 3079 16401 EXTENSION - file_fdw 
8; 2615 2201 SCHEMA - publications app
180; 1259 16385 TABLE public submission app
`;

describe("planRestoreList", () => {
  const list = planRestoreList(CONTENTS);

  it("leaves to the superuser what every appliance may have, and to the template what every database has", () => {
    expect(list.extensions).toEqual(["pg_stat_statements", "plpgsql"]);
    expect(list.text).not.toMatch(/pg_stat_statements|plpgsql|SCHEMA - public |SCHEMA public /);
  });

  it("keeps everything else, so that another extension is refused by PostgreSQL and not made by us", () => {
    expect(list.text).toContain("EXTENSION - file_fdw");
    expect(list.text).toContain("SCHEMA - publications app");
    expect(list.text).toContain("TABLE public submission app");
  });
});
