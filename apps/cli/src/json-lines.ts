/** The values of a text that has one as JSON in each line. @throws Error where it is cut off */
export async function* jsonLines(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncIterable<unknown> {
  let begun = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (begun + text).split("\n");
    begun = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
  if (begun !== "") yield JSON.parse(begun);
}
