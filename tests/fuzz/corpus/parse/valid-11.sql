begin exclusive;
commit;
end transaction x;
rollback;
rollback transaction to savepoint x;
rollback to x;
savepoint x;
release savepoint x
