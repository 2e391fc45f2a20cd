// The search takes what is pasted, options and calls, and questions. Its worker reads `--strict` as a mistake, a text in
// quotes as one that has to be there, and looks for every word of a question; so queries are put into its words here.
(() => {
  const QUERY = 2; // Material's type of the message that asks
  const SMALL = new Set(
    "a an and are as at by can do does for from get has have how i if in into is it its my not of or so that the their then there this to use was what where which who why will with you your".split(
      " ",
    ),
  );

  // A name of code tells more than all words beside it.
  const NAME = /^\w+_\w+$|^\w*[a-z][A-Z]\w*$/;

  const asked = (query) => {
    if (/^\s*"/.test(query)) return query; // words that have to be there
    const code = /[([=:]|\w\.\w/.test(query);
    const words = (code ? query.replace(/["'`()[\]{},;:=]|\.(?!\d)/g, " ") : query)
      .split(/\s+/)
      .map((word) => word.replace(/^--+(?=\w)|^-(?=\w$)/, ""))
      .filter((word) => word);
    const telling = words.filter((word) => !(SMALL.has(word.toLowerCase()) || (code && /^(\d[\d.]*|\w)$/.test(word))));
    if (telling.length < 2) return (telling.length ? telling : words).join(" ");
    return telling.map((word) => (NAME.test(word) ? `${word}^50` : word)).join(" ");
  };

  const send = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    const put = message?.type === QUERY ? { ...message, data: asked(message.data) } : message;
    return send.call(this, put, ...rest);
  };
})();
