-- What a user of Neovim does, one thing after the other. The first thing that is not as it must be ends it with a message.

local folder = vim.env.GRIDS
local patience = 60000

local function fail(what, found)
  error(what .. ': ' .. vim.inspect(found), 0)
end

local function wait(what, condition, found)
  if not vim.wait(patience, condition, 5) then
    fail('waited in vain: ' .. what, found and found())
  end
end

local function expect(what, found, wanted)
  if not vim.deep_equal(found, wanted) then
    fail(what, { found = found, wanted = wanted })
  end
end

local function lines(buffer)
  return vim.api.nvim_buf_get_lines(buffer, 0, -1, true)
end

-- Zero-based line and byte of a text that stands in the buffer once.
local function place(buffer, text)
  for line, whole in ipairs(lines(buffer)) do
    local at = whole:find(text, 1, true)
    if at then
      return line - 1, at - 1
    end
  end
  fail('not in the buffer', text)
end

local function replace(buffer, old, new)
  local line, byte = place(buffer, old)
  vim.api.nvim_buf_set_text(buffer, line, byte, line, byte + #old, { new })
end

-- Puts the cursor so many bytes behind the begin of a text.
local function go(buffer, text, behind)
  local line, byte = place(buffer, text)
  vim.api.nvim_win_set_cursor(0, { line + 1, byte + behind })
end

local function ask(buffer, client, method)
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local answer, fault = client.request_sync(method, params, patience, buffer)
  if not answer or answer.err then
    fail(method, fault or answer.err)
  end
  return answer.result
end

local function session()
  vim.o.swapfile = false
  vim.cmd('edit ' .. folder .. '/main.hcl')
  local buffer = vim.api.nvim_get_current_buf()
  local id = vim.lsp.start_client({ name = 'bggo', cmd = { vim.env.BGGO, 'lsp' }, root_dir = folder })
  vim.lsp.buf_attach_client(buffer, id)
  local client = vim.lsp.get_client_by_id(id)

  -- Open: the problem stands behind a character of two bytes and one of four.
  local problems = function()
    return vim.diagnostic.get(buffer)
  end
  wait('a problem', function() return #problems() == 1 end, problems)
  local line, byte = place(buffer, 'wrod')
  expect('the code', problems()[1].code, 'unknown_local')
  expect('its line', problems()[1].lnum, line)
  expect('its first byte', problems()[1].col, byte)
  expect('its last byte', problems()[1].end_col, byte + #'wrod')

  -- Edit: it is gone.
  replace(buffer, 'wrod', 'word')
  wait('no problem', function() return #problems() == 0 end, problems)

  -- Hover: of a name behind the same characters.
  go(buffer, 'local.word', #'local.w')
  local words = ask(buffer, client, 'textDocument/hover').contents.value
  if not words:find('local `word`: `string`', 1, true) then
    fail('hover', words)
  end

  -- Completion: names of the other file, which is not open.
  replace(buffer, 'local.word', 'local.')
  go(buffer, 'é😀 ${local.', #'é😀 ${local.')
  local offered = {}
  for _, item in ipairs(ask(buffer, client, 'textDocument/completion')) do
    table.insert(offered, item.label)
  end
  table.sort(offered)
  expect('completion', offered, { 'greeting', 'word' })
  replace(buffer, 'local.}', 'local.word}')
  wait('no problem again', function() return #problems() == 0 end, problems)

  -- Format.
  replace(buffer, '  greeting = ', 'greeting=')
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ timeout_ms = patience })
  else
    vim.lsp.buf.formatting_sync(nil, patience)
  end
  place(buffer, '  greeting = "é😀 ${local.word}"')

  -- Rename: in both files.
  go(buffer, 'local.word', #'local.w')
  vim.lsp.buf.rename('text')
  local whole = function()
    return table.concat(lines(buffer), '\n')
  end
  wait('the new name', function() return whole():find('${local.text}', 1, true) ~= nil end, whole)
  expect('the other file', lines(vim.fn.bufadd(folder .. '/names.hcl'))[2], '  text = "hello"')
  wait('no problem at last', function() return #problems() == 0 end, problems)

  vim.lsp.stop_client(id)
  wait('the end', function() return client.is_stopped() end)
end

local fine, fault = pcall(session)
if fine then
  vim.cmd('qall!')
else
  io.stderr:write(tostring(fault) .. '\n')
  vim.cmd('cquit')
end
