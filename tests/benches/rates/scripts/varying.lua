-- wrk's own way to a request that is never the same twice: the number of the request in its query.
local number = 0

function request()
    number = number + 1
    return wrk.format("GET", "/hit?number=" .. number)
end
